// Job.stateHistory: the history of a job as a connection that is read in the statement that reads the job. The sequence of a history
// has no gaps and ends at the version of the job, so what lies around a page, and how long the list is, is known without asking.
import type { Prisma } from '../../database/generated/client.ts'
import { encodeCursor } from '../../database/keyset.ts'
import { HISTORY_ORDER } from '../../ledger/jobHistory.ts'
import type { Limits } from '../../ledger/limits.ts'
import { type PageRequest, type PageWindow, pageWindow } from '../../ledger/page.ts'
import type { GraphQLContext } from '../context.ts'
import { Connection } from './connections.ts'

/** What `historySelection` reads of a job. */
export interface JobWithHistory {
  version: number
  states: { sequence: number }[]
}

type NestedSelection = (query: Prisma.Job$statesArgs, where: object) => { select?: object }

/** Which columns and records are to be read with a job for its history, in the form in which Pothos asks a field for them. */
export function historySelection(request: PageRequest, { ledger }: GraphQLContext, nestedSelection: NestedSelection) {
  const { size, backward, bounds } = pageWindow(request, HISTORY_ORDER, ledger.limits)
  const [after, before] = sequences(bounds)
  const query: Prisma.Job$statesArgs = {
    where: { sequence: { ...(after !== undefined && { gt: after }), ...(before !== undefined && { lt: before }) } },
    orderBy: { sequence: backward ? 'desc' : 'asc' },
    take: size,
  }
  const records = nestedSelection(query, {
    getType: () => 'JobStateRecord',
    paths: [[{ name: 'nodes' }], [{ name: 'edges' }, { name: 'node' }]],
  })
  return { select: { version: true, states: { ...records, select: { ...records.select, sequence: true } } } }
}

/** The connection of the records that `historySelection` asked for. */
export function historyConnection(
  job: JobWithHistory,
  request: PageRequest,
  limits: Limits,
): Connection<{ sequence: number }> {
  const window = pageWindow(request, HISTORY_ORDER, limits)
  const rows = window.backward ? [...job.states].reverse() : job.states
  const [first, last] = span(rows, window, job.version)
  const page = {
    rows,
    cursorOf: (record: { sequence: number }) => encodeCursor(HISTORY_ORDER, record),
    hasNextPage: () => last < job.version,
    hasPreviousPage: () => first > 1,
  }
  return new Connection(page, () => job.version)
}

// The sequences of the first and the last record of the page. An empty page lies between two records: its last is before its first.
function span(rows: { sequence: number }[], { backward, bounds }: PageWindow, version: number): [number, number] {
  const [first, last] = [rows[0]?.sequence, rows.at(-1)?.sequence]
  if (first !== undefined && last !== undefined) return [first, last]
  const [after = 0, before = version + 1] = sequences(bounds)
  const gap = backward ? Math.min(before - 1, version) : Math.min(after, version)
  return [gap + 1, gap]
}

function sequences({ after, before }: PageWindow['bounds']): [number | undefined, number | undefined] {
  return [after?.[0] as number | undefined, before?.[0] as number | undefined]
}
