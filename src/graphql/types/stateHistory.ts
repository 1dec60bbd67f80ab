// Job.stateHistory: a connection that is read in the same statement as its job. The sequence of the
// records has no gaps and ends at the version of the job, so the total count and the neighbours of
// a page are known without another query.
import type { Prisma } from '../../database/generated/client.ts'
import { encodeCursor } from '../../database/keyset.ts'
import type { Slice } from '../../database/rows/textRows.ts'
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
  const { direction, take, greaterThan, lessThan } = historySlice(request, ledger.limits)
  const query: Prisma.Job$statesArgs = {
    where: {
      sequence: {
        ...(greaterThan !== undefined && { gt: greaterThan }),
        ...(lessThan !== undefined && { lt: lessThan }),
      },
    },
    orderBy: { sequence: direction },
    take,
  }
  const records = nestedSelection(query, {
    getType: () => 'JobStateRecord',
    paths: [[{ name: 'nodes' }], [{ name: 'edges' }, { name: 'node' }]],
  })
  return { select: { version: true, states: { ...records, select: { ...records.select, sequence: true } } } }
}

/** The records that a page of the history reads. @throws InvalidInputError */
export function historySlice(request: PageRequest, limits: Limits): Slice {
  const { size, backward, bounds } = pageWindow(request, HISTORY_ORDER, limits)
  const [after, before] = sequenceBounds(bounds)
  const direction = backward ? 'desc' : 'asc'
  return { field: 'sequence', direction, take: size, greaterThan: after, lessThan: before }
}

/** The connection for the records that `historySelection` selects. */
export function historyConnection(
  { states, version }: JobWithHistory,
  request: PageRequest,
  limits: Limits,
): Connection<{ sequence: number }> {
  const page = historyPage({ records: states, version, sequenceOf: ({ sequence }) => sequence }, request, limits)
  return new Connection(page, () => version)
}

/** The records of a slice of a history, in the order in which they were read. */
interface ReadHistory<Row> {
  readonly records: Row[]
  readonly version: number
  sequenceOf(record: Row): number
}

/** The page of the records that `historySlice` selects. @throws InvalidInputError */
export function historyPage<Row>(
  { records, version, sequenceOf }: ReadHistory<Row>,
  request: PageRequest,
  limits: Limits,
) {
  const window = pageWindow(request, HISTORY_ORDER, limits)
  const rows = window.backward ? [...records].reverse() : records
  const [first, last] = firstAndLast(rows.map(sequenceOf), window, version)
  return {
    rows,
    cursorOf: (record: Row) => encodeCursor(HISTORY_ORDER, { sequence: sequenceOf(record) }),
    hasNextPage: () => last < version,
    hasPreviousPage: () => first > 1,
  }
}

// The sequence numbers of the first and the last record of the page. For an empty page, the last is
// one less than the first.
function firstAndLast(
  sequences: readonly number[],
  { backward, bounds }: PageWindow,
  version: number,
): [number, number] {
  const [first, last] = [sequences[0], sequences.at(-1)]
  if (first !== undefined && last !== undefined) return [first, last]
  const [after = 0, before = version + 1] = sequenceBounds(bounds)
  const gap = backward ? Math.min(before - 1, version) : Math.min(after, version)
  return [gap + 1, gap]
}

function sequenceBounds({ after, before }: PageWindow['bounds']): [number | undefined, number | undefined] {
  return [after?.[0] as number | undefined, before?.[0] as number | undefined]
}
