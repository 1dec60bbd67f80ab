// What the dashboard sends for its list of jobs: the first page and the counts of the tabs for each
// filter, and deep pages for each order. Runs only if it is named.
import type pg from 'pg'
import { JobCountsDocument, JobsDocument } from '../../dashboard/src/api/documents.generated.ts'
import { DASHBOARD_DOCUMENTS } from '../../src/http/dashboard/documents.generated.ts'
import type { BenchCase } from '../benchCase.ts'
import { WrongResponseError } from '../benchError.ts'
import { loopContender } from '../contender.ts'
import { untilRolledUp } from '../rolledUp.ts'
import { filterNames, filters } from './filtered.ts'
import { deepLists, type List } from './listed.ts'
import { deepCase, filterCase, type ListTargets } from './lists.ts'

const PAGE = 50
/** The target for lists of this many jobs. */
const TARGET = { jobs: 10_000_000, maxP95Ms: 200 }

interface DashboardTargets extends ListTargets {
  /** The number of jobs in the data set. */
  readonly jobs: number
}

const isOfRecords = (name: string): boolean => name.startsWith('records')
/** The tabs count each state, so the states that are shown do not matter to them. */
const isOfStates = (name: string): boolean => /^state-|-and-state/.test(name)
const ofJobs = ({ cursor }: List): boolean => cursor.startsWith('jobs.')

export function dashboardCaseNames(): string[] {
  const filtered = filterNames().filter((name) => !isOfRecords(name))
  return [
    ...filtered.map((name) => `dashboard-filter-${name}`),
    ...deepLists()
      .filter(ofJobs)
      .map(({ name }) => `dashboard-deep-${name}`),
    ...filtered.filter((name) => !isOfStates(name)).map((name) => `dashboard-counts-${name}`),
  ]
}

export async function dashboardCases(
  targets: DashboardTargets,
  isWanted: (name: string) => boolean,
): Promise<(() => Promise<BenchCase>)[]> {
  if (!dashboardCaseNames().some(isWanted)) return []
  const filtered = (await filters(targets.client)).filter(ofJobs)
  const lists = [
    ...filtered.map((list) => maker('filter', list, () => filterCase(targets, shown(list)))),
    ...deepLists()
      .filter(ofJobs)
      .map((list) => maker('deep', list, () => deepCase(targets, shown(list)))),
  ]
  const makers = [
    ...lists.map((list) => withTarget(targets, list)),
    ...filtered
      .filter(({ name }) => !isOfStates(name))
      .map((list) => maker('counts', list, () => countsCase(targets, list))),
  ]
  return makers.filter(({ name }) => isWanted(name)).map(({ make }) => make)
}

function maker(kind: string, list: List, create: () => BenchCase | Promise<BenchCase>) {
  const name = `dashboard-${kind}-${list.name}`
  return { name, make: async (): Promise<BenchCase> => ({ ...(await create()), name }) }
}

/** Smaller data sets have no target. */
function withTarget({ jobs }: DashboardTargets, { name, make }: ReturnType<typeof maker>): ReturnType<typeof maker> {
  const { maxP95Ms } = TARGET
  return jobs < TARGET.jobs ? { name, make } : { name, make: async () => ({ ...(await make()), maxP95Ms }) }
}

/** The list as the dashboard asks for it. */
function shown(list: List): List {
  return {
    ...list,
    query: textOf(JobsDocument.id),
    variables: { ...list.variables, first: PAGE, last: null, before: null },
    size: PAGE,
  }
}

function textOf(id: string): string {
  const text = DASHBOARD_DOCUMENTS.get(id)
  if (text === undefined) throw new Error('The server does not know the operation: run "npm run codegen".')
  return text
}

interface Counts {
  readonly jobCountsByState: readonly { readonly state: string; readonly count: number }[]
}

/** The counts of the tabs, which do not depend on the order. */
function countsCase({ server, client }: ListTargets, { name, title, variables, from }: List): BenchCase {
  const { filter } = variables as { filter?: object }
  const operation = JSON.stringify({ query: textOf(JobCountsDocument.id), variables: { filter: filter ?? {} } })
  const contender = loopContender({
    name: 'jobledger',
    callers: 1,
    operation: async () => void (await server.send(operation)),
  })
  return {
    name,
    title: `counts by state of ${title}`,
    measure: 'latency',
    callers: 1,
    subject: contender,
    references: [],
    async verify() {
      await untilRolledUp(client)
      const { jobCountsByState } = (JSON.parse(await server.send(operation)) as { data: Counts }).data
      const counted = jobCountsByState.filter(({ count }) => count > 0)
      const expected = await expectedCounts(client, from)
      if (JSON.stringify(counted) !== JSON.stringify(expected))
        throw new WrongResponseError(`got ${JSON.stringify(counted)} (expected ${JSON.stringify(expected)})`)
    },
  }
}

async function expectedCounts(client: pg.Client, from: string): Promise<Counts['jobCountsByState']> {
  const sql = `SELECT state, count(*)::int AS count FROM ${from} GROUP BY state ORDER BY state`
  return (await client.query<Counts['jobCountsByState'][number]>(sql)).rows
}
