// Whether prepared statements last in our connections. A pooler that pools transactions gives a connection another session each time, and one
// that does not know of prepared statements (PgBouncer before 1.21) leaves them behind.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { sqlStateOf } from './sqlErrors.ts'

const NO_SUCH_STATEMENT = '26000'
/** A pooler that has no second session for us makes us wait for the first. */
const ANSWER_MS = 500

/**
 * False if a prepared statement was lost between two statements. Uses two connections of its own. Without a pooler it looks no further.
 *
 * @throws what pg throws
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
    // It is given the session that `one` has just used, if the pooler pools transactions.
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

/** A pooler answers for a process of its own invention (PostgreSQL documentation, "Canceling Requests in Progress"). */
async function isDirect(client: pg.Client): Promise<boolean> {
  const { processID } = client as unknown as { processID: number }
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid === processID
}
