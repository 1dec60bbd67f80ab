// Reports a right that the role of this process lacks, for an operator.
import { sqlStateOf } from './sqlErrors.ts'

const INSUFFICIENT_PRIVILEGE = '42501'
/** The function in PostgreSQL that refuses a connection with the same code. */
const REFUSES_CONNECTIONS = 'CheckMyDatabase'

/** Returns a sentence if a statement was refused because of a missing right. */
export function deniedRight(error: unknown): string | undefined {
  if (sqlStateOf(error) !== INSUFFICIENT_PRIVILEGE) return undefined
  const { message, routine, meta } = error as PostgresError
  if (routine === REFUSES_CONNECTIONS) return undefined
  const reason = meta?.driverAdapterError?.cause?.originalMessage ?? message
  return (
    `The database role lacks a right (${reason}). As the owner of the tables, run "jobledger ` +
    'grants --api ROLE --apply", ' +
    'or use the role that this command needs (docs/operations.md, "Roles in the database").'
  )
}

/** An error of pg. One of Prisma has `meta`, because its own message has several lines. */
interface PostgresError extends Error {
  readonly routine?: string
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: { readonly originalMessage?: string } } }
}
