// Global ids (Relay): base64 of "Type:id". Arguments for a job also accept its UUID, which people
// copy from logs and Prisma Studio.
import { GraphQLError } from 'graphql'
import { UUID } from '../database/uuid.ts'

/** The pattern of the ids of each type. */
const ID_PATTERNS: Record<string, RegExp> = {
  Job: UUID,
  JobResult: UUID,
  JobStateRecord: /^[1-9]\d{0,17}$/,
  BulkAction: UUID,
}

interface GlobalId {
  readonly typename: string
  readonly id: string
}

/**
 * @throws GraphQLError with the code BAD_USER_INPUT if it is neither a global id of this schema nor
 * a UUID
 */
export function decodeGlobalId(globalId: string): GlobalId {
  const parsed = parseGlobalId(globalId)
  if (parsed === undefined) throw invalidId(globalId, 'an id of this service')
  return parsed
}

function parseGlobalId(globalId: string): GlobalId | undefined {
  if (UUID.test(globalId)) return { typename: 'Job', id: globalId.toLowerCase() }
  const text = Buffer.from(globalId, 'base64').toString()
  const colon = text.indexOf(':')
  const typename = text.slice(0, colon)
  const id = text.slice(colon + 1)
  if (!Object.hasOwn(ID_PATTERNS, typename) || !ID_PATTERNS[typename]?.test(id)) return undefined
  return { typename, id: id.toLowerCase() }
}

/**
 * The UUID of the job that an argument identifies.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT if it is not the id of a job
 */
export function jobIdOf(argument: string): string {
  const { typename, id } = decodeGlobalId(argument)
  if (typename !== 'Job') throw invalidId(argument, 'the id of a job')
  return id
}

/**
 * The UUID of the bulk action that an argument identifies: a global id, or the UUID itself.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT if it is not the id of a bulk action
 */
export function bulkActionIdOf(argument: string): string {
  if (UUID.test(argument)) return argument.toLowerCase()
  const { typename, id } = decodeGlobalId(argument)
  if (typename !== 'BulkAction') throw invalidId(argument, 'the id of a bulk action')
  return id
}

/**
 * The UUID of the job that an argument of a mutation identifies. Returns a malformed id unchanged:
 * the ledger reports it as InvalidInput together with all other issues of the input.
 */
export function jobIdGiven(argument: string): string {
  const global = parseGlobalId(argument)
  return global?.typename === 'Job' ? global.id : argument
}

/** Whether PostgreSQL accepts the text as a UUID in its usual form. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

function invalidId(id: string, expected: string): GraphQLError {
  return new GraphQLError(`"${id.slice(0, 100)}" is not ${expected}.`, { extensions: { code: 'BAD_USER_INPUT' } })
}
