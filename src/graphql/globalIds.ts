// Global ids (Relay): base64 of "Type:id". Arguments that name a job also take the bare UUID, as people copy it from elsewhere.
import { GraphQLError } from 'graphql'
import { UUID } from '../database/uuid.ts'

/** What an id of each type looks like. */
const FORMS: Record<string, RegExp> = { Job: UUID, JobResult: UUID, JobStateRecord: /^[1-9]\d{0,17}$/ }

interface GlobalId {
  readonly typename: string
  readonly id: string
}

/** @throws GraphQLError with the code BAD_USER_INPUT if it is not a global id of a type of ours, nor a UUID. */
export function decodeGlobalId(globalId: string): GlobalId {
  const parsed = parseGlobalId(globalId)
  if (parsed === undefined) throw malformed(globalId, 'an id of this service')
  return parsed
}

function parseGlobalId(globalId: string): GlobalId | undefined {
  if (UUID.test(globalId)) return { typename: 'Job', id: globalId.toLowerCase() }
  const text = Buffer.from(globalId, 'base64').toString()
  const colon = text.indexOf(':')
  const typename = text.slice(0, colon)
  const id = text.slice(colon + 1)
  if (!Object.hasOwn(FORMS, typename) || !FORMS[typename]?.test(id)) return undefined
  return { typename, id: id.toLowerCase() }
}

/**
 * The UUID of the job that an argument names.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT if it does not name a job.
 */
export function jobIdOf(argument: string): string {
  const { typename, id } = decodeGlobalId(argument)
  if (typename !== 'Job') throw malformed(argument, 'the id of a job')
  return id
}

/**
 * The UUID of the job that an argument of a mutation names. What names no job is returned as it is, for the ledger to refuse as
 * InvalidInput together with all other faults of the input.
 */
export function jobIdGiven(argument: string): string {
  const global = parseGlobalId(argument)
  return global?.typename === 'Job' ? global.id : argument
}

/** Whether it is a UUID, so that PostgreSQL can look for it. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

function malformed(id: string, wanted: string): GraphQLError {
  return new GraphQLError(`"${id.slice(0, 100)}" is not ${wanted}.`, { extensions: { code: 'BAD_USER_INPUT' } })
}
