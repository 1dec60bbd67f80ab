// Runs one statement, which is a transaction of its own, on one connection of the pool. Decides what a failure means for the caller: nothing
// was written, or nobody can know.
import type pg from 'pg'
import { DatabaseUnavailableError, OutcomeUnknownError } from './retryableErrors.ts'
import { sqlStateOf } from './sqlErrors.ts'
import { noteWrite } from './writes.ts'

export type Statement = pg.QueryConfig | string

export interface StatementRun {
  /** The client asked a question: whatever becomes of the statement, nothing it asked for was written. */
  readonly readsOnly: boolean
  /** Called when the connection must not be used again. */
  discard(): void
}

/**
 * Matches every statement that may write: all our functions are in the schema jobledger, and a row lock is written too. It may match one that only reads.
 */
const MAY_WRITE = /\b(?:(?:insert|update|delete|merge|truncate|share)\b|jobledger\.\w+\()/i

/** Operator intervention: PostgreSQL ends the session, and closes the connection a moment later. */
const SESSION_ENDS = '57P'
const READ_ONLY = '25006'

/**
 * The result of the statement. A prepared statement that the session has lost, or whose result has changed its type, is run once more without
 * its name: PostgreSQL refuses it before it runs.
 *
 * @throws OutcomeUnknownError if it may have been committed: the connection broke before the answer, or the commit was not confirmed by a
 * synchronous standby
 * @throws DatabaseUnavailableError if it did not run: the database is read-only or is shutting down
 * @throws what pg throws
 */
export async function runStatement(
  client: pg.PoolClient,
  statement: Statement,
  values: unknown[] | undefined,
  run: StatementRun,
): Promise<pg.QueryResult> {
  const mayWrite = !run.readsOnly && MAY_WRITE.test(textOf(statement))
  if (isBroken(client)) {
    run.discard()
    throw databaseUnavailable(new Error('The connection broke before the statement was sent.'))
  }
  let isUnconfirmed = false
  const onNotice = ({ routine }: { routine?: string | undefined }): void => {
    isUnconfirmed ||= routine === STANDBY_WAIT
  }
  client.on('notice', onNotice)
  try {
    const result = await runOrRunUnnamed(client, statement, values, run)
    if (mayWrite && isUnconfirmed) throw outcomeUnknown()
    if (mayWrite && result.rowCount !== 0) noteWrite()
    return result
  } catch (error) {
    throw meaningOf(error, client, { mayWrite, run })
  } finally {
    client.removeListener('notice', onNotice)
  }
}

/**
 * The routine of PostgreSQL that warns when its wait for a synchronous standby is cancelled: the transaction is committed here, and lost if the
 * standby takes over. Messages are translated; the name of the routine is not (src/backend/replication/syncrep.c).
 */
const STANDBY_WAIT = 'SyncRepWaitForLSN'

async function runOrRunUnnamed(
  client: pg.PoolClient,
  statement: Statement,
  values: unknown[] | undefined,
  run: StatementRun,
): Promise<pg.QueryResult> {
  try {
    return await client.query(statement as pg.QueryConfig, values)
  } catch (error) {
    if (typeof statement === 'string' || !statement.name || !isStale(error)) throw error
    run.discard()
    return await client.query({ ...statement, name: '' }, values)
  }
}

/**
 * By SQLSTATE and routine: the result type of a cached plan has changed (the schema was made anew), the session does not have the statement
 * (DEALLOCATE, or a pooler gave us another session), or another client prepared one of this name.
 */
const STALE: Readonly<Record<string, string>> = {
  '0A000': 'RevalidateCachedQuery',
  '26000': 'FetchPreparedStatement',
  '42P05': 'StorePreparedStatement',
}

function isStale(error: unknown): boolean {
  const { code, routine } = error as { code?: string; routine?: string }
  return code !== undefined && routine !== undefined && STALE[code] === routine
}

function meaningOf(
  error: unknown,
  client: pg.PoolClient,
  { mayWrite, run }: { mayWrite: boolean; run: StatementRun },
): unknown {
  if (error instanceof OutcomeUnknownError) return error
  const state = sqlStateOf(error)
  if (state === READ_ONLY) {
    // The server may have been demoted; a new connection may lead to the one that was promoted.
    run.discard()
    return new DatabaseUnavailableError('The database is read-only. Send the request again later.', { cause: error })
  }
  const isLost = state === undefined ? isBroken(client) : state.startsWith(SESSION_ENDS)
  if (!isLost) return error
  run.discard()
  return mayWrite ? outcomeUnknown(error) : databaseUnavailable(error)
}

/** It is not known whether a write was committed. */
export function outcomeUnknown(cause?: unknown): OutcomeUnknownError {
  const message =
    'It is unknown whether this was written. Send the request again with the same `idempotencyKey` or `expectedVersion`, or read the job first.'
  return new OutcomeUnknownError(message, { cause })
}

export function databaseUnavailable(cause: unknown): DatabaseUnavailableError {
  return new DatabaseUnavailableError('The database is unavailable. Send the request again later.', { cause })
}

export function textOf(statement: Statement): string {
  return typeof statement === 'string' ? statement : statement.text
}

/** What pg has and its types leave out. */
interface ClientState {
  /** False from the first error of the connection on. */
  readonly _queryable: boolean
  readonly connection: { readonly stream: { readonly destroyed: boolean } }
}

function isBroken(client: pg.PoolClient): boolean {
  const { _queryable, connection } = client as unknown as ClientState
  return !_queryable || connection.stream.destroyed
}
