// Counts jobs.
import type { JobState, Prisma } from '../database/generated/client.ts'
import { isImpossibleJobFilter } from './filterReach.ts'
import { type JobFilter, jobCondition } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { rolledUpCounts, rollUpQuery, type StateCounts } from './rolledUpCounts.ts'
import { JOB_STATES } from './states.ts'

/**
 * How many jobs a filter admits. By user, states and includeDeleted alone it takes milliseconds however many jobs there are (`rolledUpCounts`);
 * by anything else, or while the roll-up is far behind, the jobs are counted.
 *
 * @throws InvalidInputError
 */
export async function countJobs(ledger: Ledger, filter?: JobFilter | null): Promise<number> {
  const condition = jobCondition(filter, ledger.limits)
  if (isImpossibleJobFilter(filter ?? {})) return 0
  const known = await knownCounts(ledger, filter ?? {})
  if (known === undefined) return countOfJobs(ledger, condition)
  return admittedStates(filter).reduce((sum, state) => sum + (known.get(state) ?? 0), 0)
}

/**
 * How many jobs a filter admits in each state; all five states, zeroes included. As fast as `countJobs`.
 *
 * @throws InvalidInputError
 */
export async function countJobsByState(
  ledger: Ledger,
  filter?: JobFilter | null,
): Promise<{ state: JobState; count: number }[]> {
  const condition = jobCondition(filter, ledger.limits)
  const isImpossible = isImpossibleJobFilter(filter ?? {})
  const counts = isImpossible
    ? new Map<JobState, number>()
    : ((await knownCounts(ledger, filter ?? {})) ?? (await countedByState(ledger, condition)))
  const admitted = new Set(admittedStates(filter))
  return JOB_STATES.map((state) => ({ state, count: admitted.has(state) ? (counts.get(state) ?? 0) : 0 }))
}

/** How many jobs satisfy a condition; all of them are looked at. */
export async function countOfJobs({ sql }: Ledger, condition: Prisma.Sql): Promise<number> {
  const [row] = await sql.query<{ count: bigint }>`SELECT count(*) FROM jobs WHERE ${condition}`
  return Number(row?.count ?? 0)
}

async function knownCounts(ledger: Ledger, filter: JobFilter): Promise<StateCounts | undefined> {
  const question = rollUpQuery(filter)
  return question && rolledUpCounts(ledger, question)
}

async function countedByState({ sql }: Ledger, condition: Prisma.Sql): Promise<StateCounts> {
  const rows = await sql.query<{ state: JobState; count: bigint }>`
    SELECT state::text AS state, count(*) FROM jobs WHERE ${condition} GROUP BY state`
  return new Map(rows.map(({ state, count }) => [state, Number(count)]))
}

function admittedStates(filter: JobFilter | null | undefined): readonly JobState[] {
  return filter?.states == null ? JOB_STATES : [...new Set(filter.states)]
}
