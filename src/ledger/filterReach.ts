// How many rows a list reads to find its matches. Derived from the filter, the indexes and the
// state machine, without reading rows.
import type { JobState } from '../database/generated/client.ts'
import { withoutExclusions } from './exclusions.ts'
import type { JsonObject } from './inputCheck.ts'
import { FILTER_TIMES, isContradiction, type JobFilter } from './jobFilter.ts'
import type { JobStateRecordFilter } from './recordFilter.ts'
import { isLegalTransition } from './states.ts'

/**
 * - nothing: no row can match the filter.
 * - page: an index returns the matching rows in the order of the list.
 * - range: an index returns rows that must then be filtered or sorted.
 * - table: the list may read every row.
 */
export type Reach = 'nothing' | 'page' | 'range' | 'table'

type Order = 'CREATED_AT' | 'UPDATED_AT' | 'COMPLETED_AT'

export function jobReach(given: JobFilter, order: Order = 'CREATED_AT'): Reach {
  if (isImpossibleJobFilter(given)) return 'nothing'
  const filter = withoutExclusions(given)
  const { ids, metadata } = filter
  // At most as many rows as a page has.
  if (ids != null) return 'page'
  if (metadata != null && !isEmpty(metadata)) return leavesOf(metadata) === 'some' ? 'range' : 'table'
  if (filter.excludePresets != null && !isRange(filter)) return 'table'
  return isInOrder(filter, order) ? 'page' : 'range'
}

/**
 * Whether an index returns the matching jobs in this order, without reading others. For the indexes
 * see prisma/schema.prisma.
 */
function isInOrder(filter: JobFilter, order: Order): boolean {
  const { states, presets, excludePresets, actor } = filter
  if (excludePresets != null || isSeveral(states) || isSeveral(presets)) return false
  const ranges = RANGES.filter(({ after, before }) => filter[after] != null || filter[before] != null)
  // A range of other times than those of the order must be filtered.
  if (ranges.some((range) => range.order !== order)) return false
  const values = [isUserGiven(filter), states != null, presets != null, actor != null].filter(Boolean)
  if (values.length === 0) return true
  if (order === 'CREATED_AT')
    return values.length === 1 || (values.length === 2 && isUserGiven(filter) && states != null)
  return order === 'UPDATED_AT' && values.length === 1 && isUserGiven(filter)
}

function isUserGiven({ ownerId, userId }: JobFilter): boolean {
  return ownerId !== undefined || userId != null
}

/** Whether an index limits the rows to read. */
function isRange(filter: JobFilter): boolean {
  const { states, actor } = filter
  return isUserGiven(filter) || states != null || actor != null || FILTER_TIMES.some((time) => filter[time] != null)
}

/** The ranges of time, and the orders of jobs in which an index returns them. */
const RANGES = [
  { after: 'createdAfter', before: 'createdBefore', order: 'CREATED_AT' },
  { after: 'startedAfter', before: 'startedBefore', order: undefined },
  { after: 'updatedAfter', before: 'updatedBefore', order: 'UPDATED_AT' },
  { after: 'completedAfter', before: 'completedBefore', order: 'COMPLETED_AT' },
] as const

/** Whether no job can match the filter. */
export function isImpossibleJobFilter(given: JobFilter): boolean {
  const filter = withoutExclusions(given)
  const { ids, states, presets } = filter
  return (
    isContradiction(filter) ||
    [ids, states, presets].some((values) => values?.length === 0) ||
    RANGES.some(({ after, before }) => isBackward(filter[after], filter[before])) ||
    // ck_jobs_times_fit_state
    (isAnyGiven(filter.completedAfter, filter.completedBefore) && isWithin(states, ['PENDING', 'PROCESSING'])) ||
    (isAnyGiven(filter.startedAfter, filter.startedBefore) && isWithin(states, ['PENDING']))
  )
}

function isAnyGiven(...values: unknown[]): boolean {
  return values.some((value) => value != null)
}

function isWithin(states: readonly JobState[] | null | undefined, others: readonly JobState[]): boolean {
  return states?.every((state) => others.includes(state)) === true
}

export function recordReach(filter: JobStateRecordFilter): Reach {
  if (isImpossibleRecordFilter(filter)) return 'nothing'
  const { jobId, ownerId, userId, actor, previousStates, newStates } = filter
  if (jobId != null) return 'page'
  if (ownerId !== undefined || userId != null || isSeveral(previousStates) || isSeveral(newStates)) return 'range'
  return [actor, previousStates, newStates].filter((one) => one != null).length > 1 ? 'range' : 'page'
}

/** Whether no record can match the filter. */
export function isImpossibleRecordFilter(filter: JobStateRecordFilter): boolean {
  const { previousStates, newStates, after, before } = filter
  return (
    isContradiction(filter) ||
    previousStates?.length === 0 ||
    newStates?.length === 0 ||
    isBackward(after, before) ||
    (previousStates != null &&
      newStates != null &&
      !previousStates.some((previous) => newStates.some((next) => isPossibleRecord(previous, next))))
  )
}

/** Deletion moves a job from any state to CANCELLED. */
function isPossibleRecord(previous: JobState, next: JobState): boolean {
  return next === 'CANCELLED' || isLegalTransition(previous, next)
}

function isBackward(from: Date | null | undefined, to: Date | null | undefined): boolean {
  return from != null && to != null && from >= to
}

function isSeveral(values: readonly string[] | null | undefined): boolean {
  return values != null && new Set(values).size > 1
}

/** Whether every object contains it, as `jsonb @>` defines containment. */
export function isEmpty(metadata: JsonObject): boolean {
  return leavesOf(metadata) === 'empty'
}

type Leaves = 'empty' | 'none' | 'some'

/**
 * Many fields may use the same variable, and its metadata may be large, so it is examined once. It
 * must not be modified later.
 */
const knownLeaves = new WeakMap<object, Leaves>()

/**
 * The index on metadata (jsonb_path_ops) contains only leaves, so it cannot find empty objects and
 * arrays.
 */
function leavesOf(metadata: JsonObject): Leaves {
  const known = knownLeaves.get(metadata)
  if (known !== undefined) return known
  const keys = Object.keys(metadata)
  const leaves = keys.length === 0 ? 'empty' : keys.some((key) => hasLeaf(metadata[key])) ? 'some' : 'none'
  knownLeaves.set(metadata, leaves)
  return leaves
}

function hasLeaf(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.values(value).some(hasLeaf) : true
}
