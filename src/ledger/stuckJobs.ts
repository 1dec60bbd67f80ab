// Finds jobs that have been PROCESSING for too long: whoever worked on them may be gone.

import { databaseNow } from '../database/clock.ts'
import type { Job, Prisma } from '../database/generated/client.ts'
import type { KeysetOrder } from '../database/keyset.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { type JobShape, pageOfJobs } from './listJobs.ts'
import type { Page, PageRequest } from './page.ts'

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
  key: [
    { field: 'startedAt', kind: 'date' },
    { field: 'id', kind: 'uuid' },
  ],
}

/**
 * One page of the jobs that have been PROCESSING for longer than `olderThanSeconds`, the one that started first at the head.
 *
 * @throws InvalidInputError
 */
export async function stuckJobs(
  ledger: Ledger,
  request: StuckJobsRequest = {},
  shape: JobShape = {},
): Promise<Page<Job>> {
  return pageOfJobs(ledger, { order: ORDER, condition: await stuckCondition(ledger, request) }, request, shape)
}

/**
 * How many jobs have been PROCESSING for longer than `olderThanSeconds`.
 *
 * @throws InvalidInputError
 */
export async function countStuckJobs(ledger: Ledger, question: StuckJobsQuestion = {}): Promise<number> {
  return ledger.prisma.job.count({ where: await stuckCondition(ledger, question) })
}

async function stuckCondition(
  ledger: Ledger,
  { olderThanSeconds, ownerId }: StuckJobsQuestion,
): Promise<Prisma.JobWhereInput> {
  const seconds = olderThanSeconds ?? 3600
  const check = new InputCheck(ledger.limits)
  check.wholeNumber('olderThanSeconds', seconds, 0)
  check.done()
  const now = await databaseNow(ledger.prisma)
  return {
    state: 'PROCESSING',
    startedAt: { lt: new Date(now.getTime() - seconds * 1000) },
    ...(ownerId === undefined ? {} : { userId: ownerId }),
  }
}
