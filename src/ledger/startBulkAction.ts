// Starts a bulk action: stores the jobs that match its filter now, in one statement. From then on
// the filter does not matter: later batches touch only these jobs.
import stringify from 'safe-stable-stringify'
import { type BulkAction, Prisma } from '../database/generated/client.ts'
import { BULK_ACTIONS } from '../database/rows/tables.ts'
import { findBulkAction, MAX_RUNNING_BULK_ACTIONS, refusalByState } from './bulkActions.ts'
import { countJobs } from './countJobs.ts'
import { BulkCountChangedError, InvalidInputError } from './errors.ts'
import { isImpossibleJobFilter } from './filterReach.ts'
import { jobCondition } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { type BulkActionRequest, checkBulkAction } from './previewBulkAction.ts'

export interface StartBulkActionInput extends BulkActionRequest {
  readonly actor: string
  /** The number of jobs that the caller expects to match. */
  readonly expectedCount: number
  /** Unique per actor. The same key with the same input returns the existing action. */
  readonly idempotencyKey?: string | null | undefined
}

export interface StartedBulkAction {
  readonly bulkAction: BulkAction
  /** False if an action with this idempotency key existed. */
  readonly created: boolean
}

/**
 * Starts a bulk action on the jobs that match the filter, if they are as many as expected.
 *
 * @throws BulkCountChangedError; InvalidInputError (also for too many jobs, and for a key that was
 * used with a different input). In both cases nothing was written.
 */
export async function startBulkAction(ledger: Ledger, input: StartBulkActionInput): Promise<StartedBulkAction> {
  checkInput(ledger, input)
  const existing = await findByKey(ledger, input)
  if (existing) return existing
  const { id, matched, running } = await insert(ledger, input)
  if (id !== null) {
    const bulkAction = await findBulkAction(ledger, id)
    if (bulkAction === undefined) throw new Error(`The bulk action ${id} was neither inserted nor found.`)
    return { bulkAction, created: true }
  }
  // Another request with the same key may have been first.
  const twin = await findByKey(ledger, input)
  if (twin) return twin
  if (matched !== input.expectedCount) {
    throw new BulkCountChangedError(input.expectedCount, await countJobs(ledger, input.filter))
  }
  const message = `${input.actor} has ${running} running bulk actions, which is the limit. Wait for one, or abort it.`
  throw new InvalidInputError([{ path: [], message }])
}

function checkInput({ limits }: Ledger, input: StartBulkActionInput): void {
  const { actor, expectedCount, idempotencyKey } = input
  const check = checkBulkAction(limits, input)
  check.actor(actor)
  check.integer('expectedCount', expectedCount, 0, limits.bulkJobs)
  check.name('idempotencyKey', idempotencyKey)
  check.throwIfAny()
}

async function findByKey({ sql }: Ledger, input: StartBulkActionInput): Promise<StartedBulkAction | undefined> {
  const { actor, idempotencyKey } = input
  if (idempotencyKey == null) return undefined
  const where = Prisma.sql`jobledger.bulk_actions.actor = ${actor} AND jobledger.bulk_actions.idempotency_key = ${idempotencyKey}`
  const [bulkAction] = await sql.read<BulkAction>(BULK_ACTIONS, { where })
  if (bulkAction === undefined) return undefined
  if (isSame(bulkAction, input)) return { bulkAction, created: false }
  const message = `was used before, for the bulk action ${bulkAction.id}, with a different input.`
  throw new InvalidInputError([{ path: ['idempotencyKey'], message }])
}

function isSame(known: BulkAction, { action, filter, reason, expectedCount }: StartBulkActionInput): boolean {
  return (
    known.action === action &&
    known.reason === reason &&
    known.matched === expectedCount &&
    stringify(known.filter) === stringify(storedFilter(filter))
  )
}

/** The filter as it is stored: without conditions that are not given. */
function storedFilter(filter: BulkActionRequest['filter']): object {
  const given = Object.entries(filter).filter(([, value]) => value != null)
  return JSON.parse(JSON.stringify(Object.fromEntries(given)))
}

interface Insertion {
  /** Counted up to one more than expected. */
  readonly matched: number
  /** Number of other running actions of the actor. */
  readonly running: number
  /** Null: nothing was written. */
  readonly id: string | null
}

/** All parts of the statement see the same jobs. */
async function insert({ sql, limits }: Ledger, input: StartBulkActionInput): Promise<Insertion> {
  const { action, filter, actor, reason, expectedCount, idempotencyKey } = input
  const condition = jobCondition(filter, limits)
  const none = isImpossibleJobFilter(filter) ? Prisma.sql` AND false` : Prisma.empty
  const [result] = await sql.query<Insertion>`
    WITH matched AS MATERIALIZED (
      SELECT id, version, ${refusalByState(action, 'jobs')} AS refusal FROM jobs WHERE ${condition}${none}
      LIMIT ${expectedCount + 1}
    ), facts AS MATERIALIZED (
      SELECT (SELECT count(*) FROM matched)::integer AS matched,
        (SELECT count(*) FROM jobledger.bulk_actions WHERE actor = ${actor} AND state = 'RUNNING')::integer AS running,
        (SELECT coalesce(jsonb_object_agg(refusal, count), '{}') FROM (
          SELECT refusal, count(*) FROM matched WHERE refusal IS NOT NULL GROUP BY refusal) AS refused) AS refusals
    ), started AS (
      INSERT INTO jobledger.bulk_actions (action, actor, owner_id, reason, filter, idempotency_key, matched, refusals)
      SELECT ${action}, ${actor}, ${filter.ownerId ?? null}, ${reason}, ${JSON.stringify(storedFilter(filter))}::jsonb,
        ${idempotencyKey ?? null}, matched, refusals
      FROM facts WHERE matched = ${expectedCount}::integer AND running < ${MAX_RUNNING_BULK_ACTIONS}
      ON CONFLICT (actor, idempotency_key) DO NOTHING RETURNING id
    ), stored AS (
      INSERT INTO jobledger.bulk_action_jobs (action_id, job_id, version, outcome)
      SELECT started.id, matched.id, matched.version, matched.refusal FROM started CROSS JOIN matched
    )
    SELECT matched, running, (SELECT id FROM started) AS id FROM facts`
  if (result === undefined) throw new Error('The database did not return the number of jobs.')
  return result
}
