// Job.stateHistory: a connection that is read in the same statement as its job. The sequence of the
// records has no gaps and ends at the version of the job, so the total count and the neighbours of
// a page are known without another query.
import type { Prisma } from '../../database/generated/client.ts'
import { encodeCursor } from '../../database/keyset.ts'
import { HISTORY_ORDER } from '../../ledger/jobHistory.ts'
import type { Limits } from '../../ledger/limits.ts'
import { type PageRequest, type PageWindow, pageWindow } from '../../ledger/page.ts'
import type { GraphQLContext } from '../context.ts'
import { Connection } from './connections.ts'

/** The part of a job that `historySelection` reads. */
export interface JobWithHistory {
  version: number
  states: { sequence: number }[]
}

type NestedSelection = (query: Prisma.Job$statesArgs, where: object) => { select?: object }

/**
 * The columns and records to read with a job for its history, in the form that Pothos expects of a
 * field.
 */
export function historySelection(request: PageRequest, { ledger }: GraphQLContext, nestedSelection: NestedSelection) {
  const { size, backward, bounds } = pageWindow(request, HISTORY_ORDER, ledger.limits)
  const [after, before] = sequenceBounds(bounds)
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

/** The connection for the records that `historySelection` selects. */
export function historyConnection(
  job: JobWithHistory,
  request: PageRequest,
  limits: Limits,
): Connection<{ sequence: number }> {
  const window = pageWindow(request, HISTORY_ORDER, limits)
  const rows = window.backward ? [...job.states].reverse() : job.states
  const [first, last] = firstAndLast(rows, window, job.version)
  const page = {
    rows,
    cursorOf: (record: { sequence: number }) => encodeCursor(HISTORY_ORDER, record),
    hasNextPage: () => last < job.version,
    hasPreviousPage: () => first > 1,
  }
  return new Connection(page, () => job.version)
}

// The sequence numbers of the first and the last record of the page. For an empty page, the last is
// one less than the first.
function firstAndLast(
  rows: { sequence: number }[],
  { backward, bounds }: PageWindow,
  version: number,
): [number, number] {
  const [first, last] = [rows[0]?.sequence, rows.at(-1)?.sequence]
  if (first !== undefined && last !== undefined) return [first, last]
  const [after = 0, before = version + 1] = sequenceBounds(bounds)
  const gap = backward ? Math.min(before - 1, version) : Math.min(after, version)
  return [gap + 1, gap]
}

function sequenceBounds({ after, before }: PageWindow['bounds']): [number | undefined, number | undefined] {
  return [after?.[0] as number | undefined, before?.[0] as number | undefined]
}
