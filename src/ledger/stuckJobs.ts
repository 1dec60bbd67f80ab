// Finds jobs that have been PROCESSING for too long: whoever worked on them may be gone.

import { databaseNow } from '../database/clock.ts'
import { type Job, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import { and } from '../database/rows/conditions.ts'
import { countOfJobs } from './countJobs.ts'
import { InputCheck } from './inputCheck.ts'
import { ownerConditions } from './jobFilter.ts'
import { leaseHasEnded } from './leases.ts'
import type { Ledger } from './ledger.ts'
import { JOB_ID, type JobSelection, pageOfJobs } from './listJobs.ts'
import type { Page, PageRequest } from './page.ts'

/** Why a job is stuck. TOO_LONG: its lease is alive. */
export type StuckReason = 'LEASE_EXPIRED' | 'NO_LEASE' | 'TOO_LONG'

/** By default a job is stuck that has been PROCESSING for longer than an hour. */
export const STUCK_AFTER_SECONDS = 3600

/** Which jobs are stuck. */
export interface StuckJobsQuestion {
  /** Only jobs of this user: how a caller is confined to its own. */
  ownerId?: string | undefined
  /** PROCESSING for longer than so many seconds; one hour by default. */
  olderThanSeconds?: number | null | undefined
}

export type StuckJobsRequest = PageRequest & StuckJobsQuestion

const ORDER: KeysetOrder = {
  name: 'stuckJobs',
  direction: 'asc',
  key: [{ field: 'startedAt', column: 'jobs.started_at', kind: 'date' }, JOB_ID],
}

/**
 * One page of the jobs that have been PROCESSING for longer than `olderThanSeconds`, the one that started first at the head, and
 * when that was.
 *
 * @throws InvalidInputError
 */
export async function listStuckJobs(
  ledger: Ledger,
  request: StuckJobsRequest = {},
  shape: JobSelection = {},
): Promise<Page<Job> & { at: Date }> {
  const { at, condition } = await stuckCondition(ledger, request)
  return { ...(await pageOfJobs(ledger, { order: ORDER, condition }, request, shape)), at }
}

/**
 * How many jobs have been PROCESSING for longer than `olderThanSeconds`.
 *
 * @throws InvalidInputError
 */
export async function countStuckJobs(ledger: Ledger, question: StuckJobsQuestion = {}): Promise<number> {
  const { condition } = await stuckCondition(ledger, question)
  return countOfJobs(ledger, condition)
}

async function stuckCondition(
  ledger: Ledger,
  { olderThanSeconds, ownerId }: StuckJobsQuestion,
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

/** Why a job is stuck at an instant; null if it is not: it is not PROCESSING, or not for longer than `olderThanSeconds`. */
export function stuckReason(
  { state, startedAt, leaseExpiresAt }: Pick<Job, 'state' | 'startedAt' | 'leaseExpiresAt'>,
  { at, olderThanSeconds }: { at: Date; olderThanSeconds: number },
): StuckReason | null {
  if (state !== 'PROCESSING' || startedAt === null) return null
  if (startedAt.getTime() >= at.getTime() - olderThanSeconds * 1000) return null
  if (leaseExpiresAt === null) return 'NO_LEASE'
  return leaseHasEnded(leaseExpiresAt, at) ? 'LEASE_EXPIRED' : 'TOO_LONG'
}
