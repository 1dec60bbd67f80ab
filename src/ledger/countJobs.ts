// Counts jobs.
import type { JobState } from '../database/generated/client.ts'
import { type JobFilter, jobCondition } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { JOB_STATES } from './states.ts'

/**
 * How many jobs a filter admits.
 *
 * @throws InvalidInputError
 */
export async function countJobs(ledger: Ledger, filter?: JobFilter | null): Promise<number> {
  return ledger.prisma.job.count({ where: jobCondition(filter, ledger.limits) })
}

/**
 * How many jobs a filter admits in each state; all five states, zeroes included.
 *
 * @throws InvalidInputError
 */
export async function countJobsByState(
  ledger: Ledger,
  filter?: JobFilter | null,
): Promise<{ state: JobState; count: number }[]> {
  const groups = await ledger.prisma.job.groupBy({
    by: ['state'],
    where: jobCondition(filter, ledger.limits),
    _count: { _all: true },
  })
  return JOB_STATES.map((state) => ({ state, count: groups.find((group) => group.state === state)?._count._all ?? 0 }))
}
