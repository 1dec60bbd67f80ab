// Runs one statement, as a transaction of its own, on one connection of the pool. Decides what a
// failure means: nothing was written, or the outcome is unknown.
import type pg from 'pg'
import { DatabaseUnavailableError, OutcomeUnknownError } from './retryableErrors.ts'
import { readOnlyError } from './sessionCheck.ts'
import { sqlStateOf } from './sqlErrors.ts'
import { noteWrite } from './writes.ts'

export type Statement = pg.QueryConfig | string

export interface StatementRun {
  /**
   * The work is a query of a client. Whatever happens to the statement, the client has written
   * nothing.
   */
  readonly readsOnly: boolean
  /** Called when the connection must not be reused. */
  discard(): void
}

/**
 * Matches every statement that may write. All our functions are in the schema jobledger, and a row
 * lock writes, too. Can match a statement that only reads.
 */
const MAY_WRITE = /\b(?:(?:insert|update|delete|merge|truncate|share)\b|jobledger\.\w+\()/i

/**
 * Operator intervention, or a timeout of a transaction: PostgreSQL ends the session and closes the
 * connection shortly after.
 */
const SESSION_ENDS = /^(?:57P|25P0[34])/
const READ_ONLY_TRANSACTION = '25006'

/**
 * Returns the result of the statement. If the session has lost a prepared statement, or its result
 * type has changed, the statement runs once more without its name. That is safe, because PostgreSQL
 * refuses it before it runs.
 *
 * @throws OutcomeUnknownError if it may have been committed: the connection broke before the
 * response, or a synchronous standby did not confirm the commit
 * @throws DatabaseUnavailableError if it did not run: the database is read-only or is shutting down
 * @throws the errors of pg
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
 * The function in PostgreSQL that warns when its wait for a synchronous standby is cancelled. The
 * transaction is committed here, and lost if the standby takes over. Messages are translated, but
 * names of functions are not (src/backend/replication/syncrep.c).
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
 * By SQLSTATE and function: the result type of a cached plan has changed (the schema was
 * recreated), the session lacks the statement (DEALLOCATE, or a pooler assigned another session),
 * or another client prepared a statement with this name.
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
  if (state === READ_ONLY_TRANSACTION) {
    // The server may have been demoted. A new connection may reach the new primary.
    run.discard()
    return readOnlyError(error)
  }
  const isLost = state === undefined ? isBroken(client) : SESSION_ENDS.test(state)
  if (!isLost) return error
  run.discard()
  return mayWrite ? outcomeUnknown(error) : databaseUnavailable(error)
}

/** It is unknown whether a write was committed. */
export function outcomeUnknown(cause?: unknown): OutcomeUnknownError {
  const advice = 'Send the request again with the same `idempotencyKey` or `expectedVersion`, or read the job first.'
  return new OutcomeUnknownError('It is unknown whether this was written.', { advice, cause })
}

export function databaseUnavailable(cause: unknown): DatabaseUnavailableError {
  return new DatabaseUnavailableError('The database is unavailable.', { cause })
}

export function textOf(statement: Statement): string {
  return typeof statement === 'string' ? statement : statement.text
}

/** Parts of pg that its types omit. */
interface ClientState {
  /** False after the first error of the connection. */
  readonly _queryable: boolean
  readonly connection: { readonly stream: { readonly destroyed: boolean } }
}

function isBroken(client: pg.PoolClient): boolean {
  const { _queryable, connection } = client as unknown as ClientState
  return !_queryable || connection.stream.destroyed
}
