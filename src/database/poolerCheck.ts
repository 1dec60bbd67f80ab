// Checks whether prepared statements persist on our connections. A transaction pooler assigns a
// session for each transaction, and one without support for prepared statements (PgBouncer before
// 1.21) loses them.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { sqlStateOf } from './sqlErrors.ts'

const NO_SUCH_STATEMENT = '26000'
/**
 * Maximum time to wait for a second session: a pooler that has none makes us wait for the first.
 */
const ANSWER_MS = 500

/**
 * Returns false if a prepared statement was lost between two statements. Uses two connections of
 * its own. Stops early if there is no pooler.
 *
 * @throws the errors of pg
 */
export async function keepsPreparedStatements(config: pg.ClientConfig): Promise<boolean> {
  const [one, other] = [new pg.Client(config), new pg.Client(config)]
  for (const client of [one, other]) client.on('error', () => undefined)
  try {
    await one.connect()
    if (await isDirect(one)) return true
    await other.connect()
    const statement = { name: `jobledger_probe_${randomUUID()}`, text: 'SELECT' }
    await one.query(statement)
    // If the pooler pools transactions, this gets the session that `one` has just used.
    await other.query('BEGIN')
    const lasts = one.query(statement).then(
      () => true,
      (error: unknown) => sqlStateOf(error) !== NO_SUCH_STATEMENT,
    )
    await Promise.race([lasts, new Promise((resolve) => setTimeout(resolve, ANSWER_MS))])
    await other.query('ROLLBACK')
    return await lasts
  } finally {
    await Promise.allSettled([one.end(), other.end()])
  }
}

/**
 * A pooler reports an invented process id (PostgreSQL documentation, "Canceling Requests in
 * Progress").
 */
async function isDirect(client: pg.Client): Promise<boolean> {
  const { processID } = client as unknown as { processID: number }
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid === processID
}
