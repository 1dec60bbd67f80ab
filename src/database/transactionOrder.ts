// Consumers read the ledger in the order of transaction ids, which is defined on one database
// server only. After a restore, a failover or a copy, a new timeline of the ledger starts
// (migration 20261128000002_guards). This module detects that. The database does the rest.
import type pg from 'pg'
import type { Queryable } from './queryable.ts'
import { DatabaseUnavailableError } from './retryableErrors.ts'
import { sqlStateOf } from './sqlErrors.ts'

/** The end of the ledger, as far as this process has read it. */
interface Seen {
  readonly epoch: string
  readonly horizon: string
}

/**
 * No such function, table, type, column or schema: the schema is missing, or a restore has just
 * started.
 */
const WITHOUT_SCHEMA = ['42883', '42P01', '42704', '42703', '3F000']
const INCOMPLETE = 'JL008'
/** Operator intervention, and statement timeouts. */
const SESSION_ENDS = '57'

/**
 * Starts a new timeline if the server would otherwise number new records before existing ones.
 * Returns whether it did. Changes nothing if it is not needed.
 *
 * @throws DatabaseUnavailableError during a restore
 */
export async function realignTransactionIds(database: Queryable): Promise<boolean> {
  return (await realign(database)).hasRealigned
}

interface Realignment extends Seen {
  readonly hasRealigned: boolean
}

/**
 * A new timeline is also needed if a number was seen that the server has not reached. Returns the
 * state from before the call.
 */
async function realign(database: Queryable, seen?: Seen): Promise<Realignment> {
  try {
    const { rows } = await database.query<Realignment>({
      text: `SELECT jobledger.realign_transaction_ids($1::bigint, $2::bigint) AS "hasRealigned",
        (SELECT max(epoch)::text FROM jobledger.ledger_timelines) AS epoch, jobledger.visible_xmin()::text AS horizon`,
      values: [seen?.epoch ?? null, seen?.horizon ?? null],
    })
    return rows[0] as Realignment
  } catch (error) {
    if (isIncomplete(error)) throw incomplete(error)
    throw error
  }
}

/** Whether an error of PostgreSQL means that the schema of the ledger is incomplete. */
export function isIncomplete(error: unknown): boolean {
  return sqlStateOf(error) === INCOMPLETE
}

const incomplete = (cause: unknown): DatabaseUnavailableError =>
  new DatabaseUnavailableError('The database is incomplete: a restore is in progress, or triggers are missing.', {
    cause,
  })

/** Checks whether the ledger is still on the timeline that this process knows. */
export class TimelineCheck {
  private readonly pool: pg.Pool
  private readonly onNewTimeline: () => void
  private seen: Seen | undefined

  constructor(pool: pg.Pool, onNewTimeline: () => void) {
    this.pool = pool
    this.onNewTimeline = onNewTimeline
  }

  /** The current timeline; undefined before the first `run`. */
  get epoch(): string | undefined {
    return this.seen?.epoch
  }

  /**
   * Starts a new timeline if one is needed.
   *
   * @throws DatabaseUnavailableError during a restore
   */
  async run(): Promise<void> {
    const { hasRealigned, ...now } = await realign(this.pool, this.seen)
    this.seen = now
    if (hasRealigned) this.onNewTimeline()
  }
}

/**
 * For the option `verify` of a pool. Checks each new connection before its first use, because only
 * new connections reach a replaced database. Rejects a connection to a ledger that is being
 * restored: a write would have no record.
 */
export function timelineVerifier(
  onNewTimeline?: () => void,
): (client: pg.PoolClient, done: (error?: Error) => void) => void {
  let wasComplete = false
  return (client, done) => {
    realignTransactionIds(client).then(
      (hasRealigned) => {
        wasComplete = true
        if (hasRealigned) onNewTimeline?.()
        done()
      },
      (error: Error) => {
        const code = sqlStateOf(error)
        if (code === undefined || code.startsWith(SESSION_ENDS)) done(error)
        // Statements report any other fault, such as a read-only database, more clearly.
        else done(WITHOUT_SCHEMA.includes(code) && wasComplete ? incomplete(error) : undefined)
      },
    )
  }
}
