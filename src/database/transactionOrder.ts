// The order of transaction ids, by which consumers read the ledger, is that of one database server. Where a database was restored, promoted
// or copied, a new timeline of the ledger begins (migration 20261128000002_guards). Finds that out; the database does the rest.
import type pg from 'pg'
import type { Queryable } from './queryable.ts'
import { DatabaseUnavailableError } from './retryableErrors.ts'
import { sqlStateOf } from './sqlErrors.ts'

/** How far the ledger was, by what this process has read. */
interface Seen {
  readonly epoch: string
  readonly horizon: string
}

/** No such function, table, type, column or schema: a database without the schema, or one whose restore has just begun. */
const WITHOUT_SCHEMA = ['42883', '42P01', '42704', '42703', '3F000']
const INCOMPLETE = 'JL008'
/** Operator intervention, and statements that took too long. */
const SESSION_ENDS = '57'

/**
 * Makes new records come after those that are there, where the database server would number them otherwise. Returns whether a new timeline
 * began; without need it changes nothing.
 *
 * @throws DatabaseUnavailableError while a restore is under way
 */
export async function realignTransactionIds(database: Queryable): Promise<boolean> {
  return (await look(database)).carried
}

interface Look extends Seen {
  readonly carried: boolean
}

/** A number that was seen and that the server has not reached is a need for a new timeline, too. What is returned was so before it. */
async function look(database: Queryable, seen?: Seen): Promise<Look> {
  try {
    const { rows } = await database.query<Look>({
      text: `SELECT jobledger.realign_transaction_ids($1::bigint, $2::bigint) AS carried,
        (SELECT max(epoch)::text FROM jobledger.ledger_timelines) AS epoch, jobledger.visible_xmin()::text AS horizon`,
      values: [seen?.epoch ?? null, seen?.horizon ?? null],
    })
    return rows[0] as Look
  } catch (error) {
    if (isIncomplete(error)) throw incomplete(error)
    throw error
  }
}

/** Whether an error of PostgreSQL says that the ledger is not complete. */
export function isIncomplete(error: unknown): boolean {
  return sqlStateOf(error) === INCOMPLETE
}

const incomplete = (cause: unknown): DatabaseUnavailableError =>
  new DatabaseUnavailableError('The database is incomplete: a restore is in progress, or triggers are missing.', {
    cause,
  })

/** Looks whether the ledger is still on the timeline that this process knows. */
export class TimelineCheck {
  private readonly pool: pg.Pool
  private readonly onNewTimeline: () => void
  private seen: Seen | undefined

  constructor(pool: pg.Pool, onNewTimeline: () => void) {
    this.pool = pool
    this.onNewTimeline = onNewTimeline
  }

  /**
   * Begins a new timeline if it is needed.
   *
   * @throws DatabaseUnavailableError while a restore is under way
   */
  async run(): Promise<void> {
    const { carried, ...now } = await look(this.pool, this.seen)
    this.seen = now
    if (carried) this.onNewTimeline()
  }
}

/**
 * For the option `verify` of a pool: looks at each new connection before it is used, because a database that was replaced is reached by new
 * connections alone. One to a ledger that is being restored is refused: what is written there now would have no record.
 */
export function timelineVerifier(
  onNewTimeline?: () => void,
): (client: pg.PoolClient, done: (error?: Error) => void) => void {
  let wasComplete = false
  return (client, done) => {
    realignTransactionIds(client).then(
      (carried) => {
        wasComplete = true
        if (carried) onNewTimeline?.()
        done()
      },
      (error: Error) => {
        const code = sqlStateOf(error)
        if (code === undefined || code.startsWith(SESSION_ENDS)) done(error)
        // Whatever else is wrong, such as a read-only database, statements say better.
        else done(WITHOUT_SCHEMA.includes(code) && wasComplete ? incomplete(error) : undefined)
      },
    )
  }
}
