// Job.stateHistory and Job.resultHistory: connections that are read in the same statement as their
// job. Their records are numbered 1, 2, 3 and so on without gaps, up to a number that the job has.
// So the total count and the neighbours of a page are known without another query.
import { encodeCursor, type KeysetOrder } from '../../database/keyset.ts'
import type { Slice } from '../../database/rows/textRows.ts'
import { HISTORY_ORDER, RESULT_HISTORY_ORDER } from '../../ledger/jobHistory.ts'
import type { Limits } from '../../ledger/limits.ts'
import { type PageRequest, type PageWindow, pageWindow } from '../../ledger/page.ts'
import type { GraphQLContext } from '../context.ts'
import { Connection } from './connections.ts'

/** A history with what a job must have for it, as `historySelection` reads it. */
export interface NumberedHistory<Job = never> {
  readonly order: KeysetOrder
  /** The column of the number. */
  readonly field: 'sequence' | 'revision'
  /** The relation from the job to the records. */
  readonly relation: 'states' | 'resultRecords'
  readonly typeName: string
  /** What to read with the job for the number of its latest record. */
  readonly select: object
  /** The number of the latest record; 0 without records. */
  latest(job: Job): number
}

export const STATE_HISTORY: NumberedHistory<{ version: number }> = {
  order: HISTORY_ORDER,
  field: 'sequence',
  relation: 'states',
  typeName: 'JobStateRecord',
  select: { version: true },
  latest: ({ version }) => version,
}

export const RESULT_HISTORY: NumberedHistory<{ result: { revision: number } | null }> = {
  order: RESULT_HISTORY_ORDER,
  field: 'revision',
  relation: 'resultRecords',
  typeName: 'JobResultRecord',
  select: { result: { select: { revision: true } } },
  latest: ({ result }) => result?.revision ?? 0,
}

type NestedSelection = (query: object, where: object) => { select?: object }

/**
 * How Pothos reads a history: the columns and records to read with a job, and whether a job has
 * them.
 */
export function historyReads({ order, field, relation, typeName, select }: NumberedHistory) {
  return {
    pothosPrismaSelect: (request: PageRequest, { ledger }: GraphQLContext, nestedSelection: NestedSelection) => {
      const { direction, take, greaterThan, lessThan } = historySlice({ order, field }, request, ledger.limits)
      const bounds = {
        ...(greaterThan !== undefined && { gt: greaterThan }),
        ...(lessThan !== undefined && { lt: lessThan }),
      }
      const query = { where: { [field]: bounds }, orderBy: { [field]: direction }, take }
      const records = nestedSelection(query, {
        getType: () => typeName,
        paths: [[{ name: 'nodes' }], [{ name: 'edges' }, { name: 'node' }]],
      })
      return { select: { ...select, [relation]: { ...records, select: { ...records.select, [field]: true } } } }
    },
    pothosPrismaLoaded: (job: object) => (job as Record<string, unknown>)[relation] !== undefined,
  }
}

/** The records that a page of a history reads. @throws InvalidInputError */
export function historySlice(
  { order, field }: Pick<NumberedHistory, 'order' | 'field'>,
  request: PageRequest,
  limits: Limits,
): Slice {
  const { size, backward, bounds } = pageWindow(request, order, limits)
  const [after, before] = numberBounds(bounds)
  return { field, direction: backward ? 'desc' : 'asc', take: size, greaterThan: after, lessThan: before }
}

/** The connection for the records that `historyReads` selects. */
export function historyConnection<Job>(
  history: NumberedHistory<Job>,
  job: object,
  request: PageRequest,
  limits: Limits,
): Connection<object> {
  const { field, relation } = history
  const read = {
    records: (job as Record<string, object[]>)[relation] ?? [],
    latest: history.latest(job as Job),
    numberOf: (record: object) => (record as Record<string, number>)[field] as number,
  }
  return new Connection(historyPage(history, read, request, limits), () => read.latest)
}

/** The records of a slice of a history, in the order in which they were read. */
interface ReadHistory<Row> {
  readonly records: Row[]
  /** The number of the latest record of the job. */
  readonly latest: number
  numberOf(record: Row): number
}

/** The page of the records that `historySlice` selects. @throws InvalidInputError */
export function historyPage<Row>(
  { order, field }: Pick<NumberedHistory, 'order' | 'field'>,
  { records, latest, numberOf }: ReadHistory<Row>,
  request: PageRequest,
  limits: Limits,
) {
  const window = pageWindow(request, order, limits)
  const rows = window.backward ? [...records].reverse() : records
  const [first, last] = firstAndLast(rows.map(numberOf), window, latest)
  return {
    rows,
    cursorOf: (record: Row) => encodeCursor(order, { [field]: numberOf(record) }),
    hasNextPage: () => last < latest,
    hasPreviousPage: () => first > 1,
  }
}

// The numbers of the first and the last record of the page. For an empty page, the last is one less
// than the first.
function firstAndLast(numbers: readonly number[], { backward, bounds }: PageWindow, latest: number): [number, number] {
  const [first, last] = [numbers[0], numbers.at(-1)]
  if (first !== undefined && last !== undefined) return [first, last]
  const [after = 0, before = latest + 1] = numberBounds(bounds)
  const gap = backward ? Math.min(before - 1, latest) : Math.min(after, latest)
  return [gap + 1, gap]
}

function numberBounds({ after, before }: PageWindow['bounds']): [number | undefined, number | undefined] {
  return [after?.[0] as number | undefined, before?.[0] as number | undefined]
}
