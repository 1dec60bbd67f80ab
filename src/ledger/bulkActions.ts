// Bulk actions: one operation on many jobs. This file has their kinds, states and refusals, and
// reads them. A server runs them in batches (runBulkBatch.ts).
import { type BulkAction, type Job, type JobState, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import { objectShape } from '../database/rows/selectList.ts'
import { BULK_ACTIONS, JOBS } from '../database/rows/tables.ts'
import type { Ledger } from './ledger.ts'
import type { JobSelection } from './listJobs.ts'
import { type Page, type PageRequest, pageOfRows } from './page.ts'
import { JOB_STATES } from './states.ts'

export const BULK_ACTION_KINDS = ['CANCEL', 'RETRY', 'DELETE'] as const
export type BulkActionKind = (typeof BULK_ACTION_KINDS)[number]

export const BULK_ACTION_STATES = ['RUNNING', 'COMPLETED', 'ABORTED', 'FAILED'] as const
export type BulkActionState = (typeof BULK_ACTION_STATES)[number]

/** Number of jobs that are shown of each kind. */
export const BULK_SAMPLE = 20

/** Maximum number of running bulk actions of one actor. */
export const MAX_RUNNING_BULK_ACTIONS = 10

/** The states from which each action changes a job. Deleted jobs are always refused. */
export const BULK_STATES: Readonly<Record<BulkActionKind, readonly JobState[]>> = {
  CANCEL: ['PENDING', 'PROCESSING'],
  RETRY: ['FAILED'],
  DELETE: JOB_STATES,
}

/** Why a job is refused, by its outcome. Other outcomes are the state that refuses it. */
const OTHER_REASONS: Readonly<Record<string, string>> = {
  DELETED: 'The job is deleted.',
  CHANGED: 'The job changed after the action started.',
  NOT_FOUND: 'The job was purged after the action started.',
  DAMAGED: 'The history of the job is damaged.',
}

/** Maximum number of reasons of one action. */
export const MAX_BULK_REASONS = JOB_STATES.length + Object.keys(OTHER_REASONS).length

/** A sentence for a refusal. */
export function refusalReason(outcome: string): string {
  return OTHER_REASONS[outcome] ?? `The job is ${outcome}.`
}

/** The outcome of a job in `row` that the action refuses by its state, or null. */
export function refusalByState(action: BulkActionKind, row: string): Prisma.Sql {
  const { deletedAt, state } = { deletedAt: Prisma.raw(`${row}.deleted_at`), state: Prisma.raw(`${row}.state`) }
  return Prisma.sql`CASE WHEN ${deletedAt} IS NOT NULL THEN 'DELETED'
    WHEN ${state} <> ALL (${BULK_STATES[action]}::job_state[]) THEN ${state}::text END`
}

/** Jobs that are refused for one reason. */
export interface BulkRefusal {
  readonly reason: string
  readonly count: number
  /** Up to `BULK_SAMPLE` of them, newest first. */
  sample(selection: JobSelection): Promise<Job[]>
}

/** The refusals of an action up to now. */
export function bulkRefusals(ledger: Ledger, action: Pick<BulkAction, 'id' | 'refusals'>): BulkRefusal[] {
  return [...refusedCounts(action)].map(([outcome, count]) => ({
    reason: refusalReason(outcome),
    count,
    sample: (selection) => refusedJobs(ledger, { id: action.id, outcome }, selection),
  }))
}

async function refusedJobs(
  { sql }: Ledger,
  { id, outcome }: { id: string; outcome: string },
  { select }: JobSelection,
): Promise<Job[]> {
  const ids = Prisma.sql`SELECT job_id FROM jobledger.bulk_action_jobs
    WHERE action_id = ${id}::uuid AND outcome = ${outcome} AND outcome <> 'DONE' ORDER BY job_id DESC LIMIT ${BULK_SAMPLE}`
  const where = Prisma.sql`jobs.id = ANY (ARRAY(${ids}))`
  return sql.read<Job>(JOBS, { select, where, orderBy: Prisma.sql`jobs.id DESC` })
}

/** The number of jobs with each outcome except DONE. */
export function refusedCounts({ refusals }: Pick<BulkAction, 'refusals'>): Map<string, number> {
  return new Map(Object.entries(refusals as Record<string, number>))
}

const NEWEST_FIRST: KeysetOrder = {
  name: 'bulkActions',
  direction: 'desc',
  key: [{ field: 'id', column: 'jobledger.bulk_actions.id', kind: 'uuid' }],
}

interface BulkActionScope {
  /** Only actions that were limited to the jobs of this user. */
  readonly ownerId?: string | undefined
}

function scopeCondition({ ownerId }: BulkActionScope): Prisma.Sql {
  return ownerId === undefined ? Prisma.sql`true` : Prisma.sql`jobledger.bulk_actions.owner_id = ${ownerId}`
}

/** One page of the bulk actions, newest first. @throws InvalidInputError */
export async function listBulkActions(
  ledger: Ledger,
  { ownerId, ...request }: PageRequest & BulkActionScope = {},
): Promise<Page<BulkAction>> {
  const shape = objectShape<BulkAction>(BULK_ACTIONS, undefined)
  const list = { table: BULK_ACTIONS, shape, order: NEWEST_FIRST, condition: scopeCondition({ ownerId }) }
  return pageOfRows(ledger, list, request)
}

export async function countBulkActions({ sql }: Ledger, scope: BulkActionScope = {}): Promise<number> {
  const [row] = await sql.query<{ count: bigint }>`
    SELECT count(*) FROM jobledger.bulk_actions WHERE ${scopeCondition(scope)}`
  return Number(row?.count ?? 0)
}

/** The running bulk actions that this actor started, oldest first. */
export async function runningBulkActionsOf({ sql }: Ledger, actor: string): Promise<Pick<BulkAction, 'id'>[]> {
  return sql.query<Pick<BulkAction, 'id'>>`
    SELECT id FROM jobledger.bulk_actions WHERE actor = ${actor} AND state = 'RUNNING' ORDER BY id`
}

/** The bulk action; undefined if it does not exist. */
export async function findBulkAction(
  { sql }: Ledger,
  id: string,
  scope: BulkActionScope = {},
): Promise<BulkAction | undefined> {
  const where = Prisma.sql`jobledger.bulk_actions.id = ${id}::uuid AND ${scopeCondition(scope)}`
  const [action] = await sql.read<BulkAction>(BULK_ACTIONS, { where })
  return action
}

/**
 * Ends a running bulk action: waits for its current batch, and no other follows. Changes nothing if
 * it has ended. Returns the action after that; undefined if it does not exist.
 */
export async function abortBulkAction(
  ledger: Ledger,
  id: string,
  scope: BulkActionScope = {},
): Promise<BulkAction | undefined> {
  await ledger.sql.execute`
    UPDATE jobledger.bulk_actions SET state = 'ABORTED', finished_at = now()
    WHERE id = ${id}::uuid AND state = 'RUNNING' AND ${scopeCondition(scope)}`
  return findBulkAction(ledger, id, scope)
}
