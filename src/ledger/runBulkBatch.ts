// Runs one batch of a bulk action in one statement: the transitions, their outcomes and the
// position commit together, so a crash repeats and skips nothing. The row of the action is locked,
// so two servers never run the same batch.
import { type BulkAction, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { type BulkActionKind, refusalByState } from './bulkActions.ts'
import { HISTORY_IS_INTACT } from './historyIsIntact.ts'
import type { Ledger } from './ledger.ts'
import { cancel, retry, softDelete, type Transition, updateLocked } from './transition.ts'

/** Below the ids of all jobs. */
const NO_JOB = '00000000-0000-0000-0000-000000000000'

/** A running action. */
export type RunningBulkAction = Pick<BulkAction, 'id' | 'actor' | 'reason'> & { readonly action: BulkActionKind }

/** The oldest running action of each actor. Actors take turns, so none waits for all of another. */
export async function runningBulkActions({ sql }: Ledger): Promise<RunningBulkAction[]> {
  return sql.query<RunningBulkAction>`
    SELECT DISTINCT ON (actor) id, action, actor, reason FROM jobledger.bulk_actions
    WHERE state = 'RUNNING' ORDER BY actor, id`
}

export interface BulkBatch {
  /** Number of jobs that were done in this batch. */
  readonly done: number
  readonly refused: number
  /** The last batch of the action. */
  readonly isLast: boolean
}

/**
 * Runs the next batch of at most `size` jobs. Undefined if the action is no longer running.
 *
 * @throws errors of the database; then nothing was written
 */
export async function runBulkBatch(
  { sql }: Ledger,
  running: RunningBulkAction,
  size: number,
): Promise<BulkBatch | undefined> {
  // A statement sees the jobs and outcomes from before it waited for the lock of the action. It
  // starts after the position, which is read with the lock, so no job is processed twice.
  const [batch] = await retryConflicts(
    () => sql.query<BulkBatch>`
    WITH action AS MATERIALIZED (
      SELECT id, position FROM jobledger.bulk_actions WHERE id = ${running.id}::uuid AND state = 'RUNNING' FOR NO KEY UPDATE
    ), batch AS MATERIALIZED (
      SELECT job_id, version FROM jobledger.bulk_action_jobs
      WHERE action_id = (SELECT id FROM action) AND job_id > coalesce((SELECT position FROM action), ${NO_JOB}::uuid) AND outcome IS NULL
      ORDER BY job_id LIMIT ${size}
    ), damaged AS MATERIALIZED (
      SELECT id FROM jobs WHERE id = ANY (ARRAY(SELECT job_id FROM batch)) AND NOT ${HISTORY_IS_INTACT}
    ), locked AS MATERIALIZED (
      SELECT id, state, version, deleted_at FROM jobs WHERE id = ANY (ARRAY(SELECT job_id FROM batch))
      ORDER BY id FOR NO KEY UPDATE
    ), judged AS MATERIALIZED (
      SELECT batch.job_id AS id, locked.state, coalesce(${refusal(running.action)}, 'DONE') AS outcome
      FROM batch LEFT JOIN locked ON locked.id = batch.job_id
    ), ${changes(running)}, noted AS (
      UPDATE jobledger.bulk_action_jobs AS member SET outcome = judged.outcome FROM judged
      WHERE member.action_id = ${running.id}::uuid AND member.job_id = judged.id
    ), counts AS MATERIALIZED (
      SELECT outcome, count(*)::integer AS count FROM judged GROUP BY outcome
    ), facts AS MATERIALIZED (
      SELECT (SELECT count(*) FROM batch) < ${size}::integer AS is_last,
        (SELECT job_id FROM batch ORDER BY job_id DESC LIMIT 1) AS position,
        coalesce((SELECT count FROM counts WHERE outcome = 'DONE'), 0) AS done,
        (SELECT coalesce(jsonb_object_agg(outcome, count), '{}') FROM counts WHERE outcome <> 'DONE') AS refusals,
        coalesce((SELECT sum(count) FROM counts WHERE outcome <> 'DONE'), 0)::integer AS refused
    )
    UPDATE jobledger.bulk_actions AS running SET position = coalesce(facts.position, running.position),
      done = running.done + facts.done, refusals = ${MERGED_REFUSALS},
      state = CASE WHEN facts.is_last THEN 'COMPLETED' ELSE running.state END,
      finished_at = CASE WHEN facts.is_last THEN now() END
    FROM facts WHERE running.id = (SELECT id FROM action)
    RETURNING facts.done, facts.refused, facts.is_last AS "isLast"`,
  )
  return batch
}

/**
 * A cancellation compares no version, as in requestJobCancellation.ts: a worker may have claimed
 * the job meanwhile.
 */
function refusal(action: BulkActionKind): Prisma.Sql {
  const changed = action === 'CANCEL' ? Prisma.empty : Prisma.sql` WHEN locked.version <> batch.version THEN 'CHANGED'`
  return Prisma.sql`CASE WHEN locked.id IS NULL THEN 'NOT_FOUND' WHEN locked.deleted_at IS NOT NULL THEN 'DELETED'${changed}
    WHEN batch.job_id IN (SELECT id FROM damaged) THEN 'DAMAGED' ELSE ${refusalByState(action, 'locked')} END`
}

/**
 * The sums of both. It must not refer to a common table expression: if the row of the action has
 * changed since the start of the statement, PostgreSQL evaluates this again, and would run the
 * expressions again, after the jobs have changed.
 */
const MERGED_REFUSALS = Prisma.sql`(
  SELECT coalesce(jsonb_object_agg(outcome, count), '{}') FROM (
    SELECT key AS outcome, sum(value::integer)::integer AS count FROM (
      SELECT * FROM jsonb_each_text(running.refusals) UNION ALL SELECT * FROM jsonb_each_text(facts.refusals)
    ) AS one GROUP BY key
  ) AS merged)`

/** The common table expressions that change the jobs with the outcome DONE. */
function changes({ id, action, actor, reason }: RunningBulkAction): Prisma.Sql {
  const details = { actor, reason, metadata: { bulkActionId: id } }
  if (action === 'RETRY') return changeAll(retry(details))
  if (action === 'DELETE') return changeAll(softDelete(details))
  // The jobs in progress are cancelled when their workers stop (requestJobCancellation.ts).
  return Prisma.sql`due AS MATERIALIZED (SELECT id FROM judged WHERE outcome = 'DONE' AND state = 'PENDING'),
    changed AS (${updateLocked(cancel(details), 'due')}),
    requested AS (
      UPDATE jobs SET cancel_requested_at = now(), cancel_requested_by = ${actor}, cancel_reason = ${reason}
      WHERE id = ANY (ARRAY(SELECT id FROM judged WHERE outcome = 'DONE' AND state = 'PROCESSING'))
        AND cancel_requested_at IS NULL
    )`
}

function changeAll(transition: Transition): Prisma.Sql {
  return Prisma.sql`due AS MATERIALIZED (SELECT id FROM judged WHERE outcome = 'DONE'),
    changed AS (${updateLocked(transition, 'due')})`
}

/** Ends a running action that cannot continue. */
export async function failBulkAction({ sql }: Ledger, id: string, error: string): Promise<void> {
  await sql.execute`
    UPDATE jobledger.bulk_actions SET state = 'FAILED', error = ${error}, finished_at = now()
    WHERE id = ${id}::uuid AND state = 'RUNNING'`
}
