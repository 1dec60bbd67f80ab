// Counts, one request at a time: their latency compared with that of count(*) through pg. Both are
// exact, so the results must be equal.
import type pg from 'pg'
import type { BenchCase } from '../benchCase.ts'
import { WrongResponseError } from '../benchError.ts'
import { loopContender } from '../contender.ts'
import type { HttpTarget } from '../httpTarget.ts'
import { untilRolledUp } from '../rolledUp.ts'
import { BUSY_USER } from '../rows.ts'

interface Count {
  readonly name: string
  readonly title: string
  readonly query: string
  readonly sql: string
}

const TOTAL = 'SELECT count(*)::int AS count FROM jobs WHERE deleted_at IS NULL'
const BY_STATE = 'SELECT state, count(*)::int AS count FROM jobs WHERE deleted_at IS NULL'

const COUNTS: readonly Count[] = [
  { name: 'count-total', title: 'jobCount', query: '{ jobCount }', sql: TOTAL },
  {
    name: 'count-state',
    title: 'jobCountsByState',
    query: '{ jobCountsByState { state count } }',
    sql: `${BY_STATE} GROUP BY state ORDER BY state`,
  },
  {
    name: 'count-user-state',
    title: 'jobCountsByState of the user with the most jobs',
    query: `{ jobCountsByState(filter: { userId: "${BUSY_USER}" }) { state count } }`,
    sql: `${BY_STATE} AND user_id = '${BUSY_USER}' GROUP BY state ORDER BY state`,
  },
  {
    name: 'count-user',
    title: 'jobCount of the user with the most jobs',
    query: `{ jobCount(filter: { userId: "${BUSY_USER}" }) }`,
    sql: `${TOTAL} AND user_id = '${BUSY_USER}'`,
  },
]

interface Counts {
  readonly jobCount?: number
  readonly jobCountsByState?: readonly { state: string; count: number }[]
}

/** The cases of counts. The jobs do not change while they run. */
export const COUNT_CASES = COUNTS.map(({ name }) => name)

export function countCases(
  { server, pool }: { server: HttpTarget; pool: pg.Pool },
  isWanted: (name: string) => boolean,
): (() => Promise<BenchCase>)[] {
  return COUNTS.filter(({ name }) => isWanted(name)).map(({ name, title, query, sql }) => async () => {
    const operation = JSON.stringify({ query })
    let expected: string | undefined
    const counted = async (): Promise<string> => {
      const { rows } = await pool.query<{ state?: string; count: number }>({ name, text: sql })
      return JSON.stringify(rows.filter(({ count }) => count > 0))
    }
    const returned = async (): Promise<string> => {
      const { jobCount, jobCountsByState } = (JSON.parse(await server.send(operation)) as { data: Counts }).data
      return JSON.stringify(jobCountsByState?.filter(({ count }) => count > 0) ?? [{ count: jobCount }])
    }
    const require = (count: string): void => {
      if (expected !== undefined && count !== expected)
        throw new WrongResponseError(`got the count ${count} (expected ${expected})`)
    }
    return {
      ...{ name, title },
      measure: 'latency',
      callers: 1,
      subject: loopContender({ name: 'jobledger', callers: 1, operation: async () => require(await returned()) }),
      references: [
        loopContender({ name: 'count(*) by pg', callers: 1, operation: async () => require(await counted()) }),
      ],
      async verify() {
        await untilRolledUp(pool)
        expected = await counted()
        require(await returned())
      },
    }
  })
}
