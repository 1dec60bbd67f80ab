// Global ids (Relay): base64 of "Type:id". Arguments for a job also accept its UUID, which people
// copy from logs and Prisma Studio.
import { GraphQLError } from 'graphql'
import { UUID } from '../database/uuid.ts'

/** The pattern of the ids of each type. */
const ID_PATTERNS: Record<string, RegExp> = {
  Job: UUID,
  JobResult: UUID,
  JobResultRecord: /^[1-9]\d{0,17}$/,
  JobStateRecord: /^[1-9]\d{0,17}$/,
  BulkAction: UUID,
}

export interface GlobalId {
  readonly typename: string
  readonly id: string
}

/**
 * @throws GraphQLError with the code BAD_USER_INPUT if it is neither a global id of this schema nor
 * a UUID
 */
export function decodeGlobalId(globalId: string): GlobalId {
  const parsed = parseGlobalId(globalId)
  if (parsed === undefined)
    throw new GraphQLError(
      `${quoted(globalId)} is not an id. Pass the \`id\` that an object has in this API, or the UUID of a job.`,
      { extensions: { code: 'BAD_USER_INPUT' } },
    )
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
 * The UUID of the job that the argument `path` identifies.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT if it is not the id of a job
 */
export function jobIdOf(path: string, argument: string): string {
  return idOf('Job', argument) ?? invalidId(path, argument, 'the id of a job')
}

/**
 * The UUID of the bulk action that the argument `path` identifies: a global id, or the UUID itself.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT if it is not the id of a bulk action
 */
export function bulkActionIdOf(path: string, argument: string): string {
  if (UUID.test(argument)) return argument.toLowerCase()
  return idOf('BulkAction', argument) ?? invalidId(path, argument, 'the id of a bulk action')
}

/**
 * The UUID of the job that an argument of a mutation identifies. Returns a malformed id unchanged:
 * the ledger reports it as InvalidInput together with all other issues of the input.
 */
export function jobIdGiven(argument: string): string {
  return idOf('Job', argument) ?? argument
}

/** Whether PostgreSQL accepts the text as a UUID in its usual form. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

function idOf(type: GlobalId['typename'], globalId: string): string | undefined {
  const parsed = parseGlobalId(globalId)
  return parsed?.typename === type ? parsed.id : undefined
}

function invalidId(path: string, id: string, expected: string): never {
  throw new GraphQLError(`${path}: must be ${expected} (got ${quoted(id)}).`, {
    extensions: { code: 'BAD_USER_INPUT' },
  })
}

function quoted(id: string): string {
  return `"${id.slice(0, 100)}"`
}
