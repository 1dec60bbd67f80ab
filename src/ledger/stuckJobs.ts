// Finds jobs that have been PROCESSING for too long. Their workers may be gone.

import { databaseNow } from '../database/clock.ts'
import { type Job, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import { and } from '../database/rows/conditions.ts'
import type { RowShape } from '../database/rows/rowShape.ts'
import { objectShape } from '../database/rows/selectList.ts'
import { JOBS } from '../database/rows/tables.ts'
import { countWhere } from './countJobs.ts'
import { InputCheck } from './inputCheck.ts'
import { ownerConditions } from './jobFilter.ts'
import { leaseHasEnded } from './leases.ts'
import type { Ledger } from './ledger.ts'
import { JOB_ID, type JobSelection } from './listJobs.ts'
import { type Page, type PageRequest, pageOfRows, pageWindow } from './page.ts'

/** Why a job is stuck. TOO_LONG: its lease is valid, but its worker takes too long. */
export type StuckReason = 'LEASE_EXPIRED' | 'NO_LEASE' | 'TOO_LONG'

/** Default threshold: a job is stuck if it has been PROCESSING for longer than an hour. */
export const STUCK_AFTER_SECONDS = 3600

export interface StuckJobsFilter {
  /** Only jobs of this user. Restricts a caller to its own jobs. */
  ownerId?: string | undefined
  /** Minimum time in PROCESSING. Default: `STUCK_AFTER_SECONDS`. */
  olderThanSeconds?: number | null | undefined
}

export type StuckJobsRequest = PageRequest & StuckJobsFilter

const ORDER: KeysetOrder = {
  name: 'stuckJobs',
  direction: 'asc',
  key: [{ field: 'startedAt', column: 'jobs.started_at', kind: 'date' }, JOB_ID],
}

/**
 * One page of the jobs that have been PROCESSING for longer than `olderThanSeconds`, earliest start
 * first, and the time `at` of the check.
 *
 * @throws InvalidInputError
 */
export function listStuckJobs(
  ledger: Ledger,
  request: StuckJobsRequest = {},
  { select }: JobSelection = {},
): Promise<Page<Job> & { at: Date }> {
  return listStuckJobRows(ledger, request, objectShape<Job>(JOBS, select))
}

/** Like `listStuckJobs`, with rows of any shape. @throws InvalidInputError */
export async function listStuckJobRows<Row>(
  ledger: Ledger,
  request: StuckJobsRequest,
  shape: RowShape<Row>,
): Promise<Page<Row> & { at: Date }> {
  // Before the clock of the database is read.
  pageWindow(request, ORDER, ledger.limits)
  const { at, condition } = await stuckCondition(ledger, request)
  const page = await pageOfRows(ledger, { table: JOBS, shape, order: ORDER, condition }, request)
  return { ...page, at }
}

/**
 * Number of jobs that have been PROCESSING for longer than `olderThanSeconds`.
 *
 * @throws InvalidInputError
 */
export async function countStuckJobs(ledger: Ledger, filter: StuckJobsFilter = {}): Promise<number> {
  const { condition } = await stuckCondition(ledger, filter)
  return countWhere(ledger, condition)
}

async function stuckCondition(
  ledger: Ledger,
  { olderThanSeconds, ownerId }: StuckJobsFilter,
): Promise<{ at: Date; condition: Prisma.Sql }> {
  const seconds = olderThanSeconds ?? STUCK_AFTER_SECONDS
  const check = new InputCheck(ledger.limits)
  check.integer('olderThanSeconds', seconds, 0)
  check.throwIfAny()
  const at = await databaseNow(ledger.sql)
  const startedBefore = new Date(at.getTime() - seconds * 1000)
  const condition = and([
    Prisma.sql`jobs.state = 'PROCESSING' AND jobs.started_at < ${startedBefore}`,
    ...ownerConditions({ ownerId }),
  ])
  return { at, condition }
}

/**
 * Why a job is stuck at `at`; null unless it has been PROCESSING for longer than
 * `olderThanSeconds`.
 */
export function stuckReason(
  { state, startedAt, leaseExpiresAt }: Pick<Job, 'state' | 'startedAt' | 'leaseExpiresAt'>,
  { at, olderThanSeconds }: { at: Date; olderThanSeconds: number },
): StuckReason | null {
  if (state !== 'PROCESSING' || startedAt === null) return null
  if (startedAt.getTime() >= at.getTime() - olderThanSeconds * 1000) return null
  if (leaseExpiresAt === null) return 'NO_LEASE'
  return leaseHasEnded(leaseExpiresAt, at) ? 'LEASE_EXPIRED' : 'TOO_LONG'
}
