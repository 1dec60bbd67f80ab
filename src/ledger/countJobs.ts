// Counts jobs.
import type { JobState, Prisma } from '../database/generated/client.ts'
import { withoutExclusions } from './exclusions.ts'
import { isImpossibleJobFilter } from './filterReach.ts'
import { type JobFilter, jobCondition } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'
import { rolledUpCounts, rollUpQuery, type StateCounts } from './rolledUpCounts.ts'
import { JOB_STATES } from './states.ts'

/**
 * Number of jobs that match a filter. If the filter uses only the user, states and
 * `includeDeleted`, this takes milliseconds for any number of jobs (`rolledUpCounts`). Otherwise,
 * or while the roll-up lags far behind, it counts the jobs.
 *
 * @throws InvalidInputError
 */
export async function countJobs(ledger: Ledger, filter?: JobFilter | null): Promise<number> {
  const condition = jobCondition(filter, ledger.limits)
  if (isImpossibleJobFilter(filter ?? {})) return 0
  const counts = await countsFromRollUp(ledger, filter ?? {})
  if (counts === undefined) return countWhere(ledger, condition)
  return statesOf(filter).reduce((sum, state) => sum + (counts.get(state) ?? 0), 0)
}

/**
 * Number of jobs that match a filter, for each of the five states, including zeros. As fast as
 * `countJobs`.
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
    : ((await countsFromRollUp(ledger, filter ?? {})) ?? (await countWhereByState(ledger, condition)))
  const states = new Set(statesOf(filter))
  return JOB_STATES.map((state) => ({ state, count: states.has(state) ? (counts.get(state) ?? 0) : 0 }))
}

/** Number of jobs that satisfy a condition. Reads every one of them. */
export async function countWhere({ sql }: Ledger, condition: Prisma.Sql): Promise<number> {
  const [row] = await sql.query<{ count: bigint }>`SELECT count(*) FROM jobs WHERE ${condition}`
  return Number(row?.count ?? 0)
}

async function countsFromRollUp(ledger: Ledger, filter: JobFilter): Promise<StateCounts | undefined> {
  const query = rollUpQuery(filter)
  return query && rolledUpCounts(ledger, query)
}

async function countWhereByState({ sql }: Ledger, condition: Prisma.Sql): Promise<StateCounts> {
  const rows = await sql.query<{ state: JobState; count: bigint }>`
    SELECT state::text AS state, count(*) FROM jobs WHERE ${condition} GROUP BY state`
  return new Map(rows.map(({ state, count }) => [state, Number(count)]))
}

function statesOf(filter: JobFilter | null | undefined): readonly JobState[] {
  const { states } = withoutExclusions(filter ?? {})
  return states == null ? JOB_STATES : [...new Set(states)]
}
