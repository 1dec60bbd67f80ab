// How many rows a list reads to find its matches. Derived from the filter, the indexes and the
// state machine, without reading rows.
import type { JobState } from '../database/generated/client.ts'
import type { JsonObject } from './inputCheck.ts'
import { isContradiction, type JobFilter } from './jobFilter.ts'
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

export function jobReach(filter: JobFilter, order: Order = 'CREATED_AT'): Reach {
  if (isImpossibleJobFilter(filter)) return 'nothing'
  const { metadata } = filter
  if (metadata != null && !isEmpty(metadata)) return leavesOf(metadata) === 'some' ? 'range' : 'table'
  return isInOrder(filter, order) ? 'page' : 'range'
}

/**
 * Whether an index returns the matching jobs in this order, without reading others. For the indexes
 * see prisma/schema.prisma.
 */
function isInOrder({ ownerId, userId, states, presets, ...filter }: JobFilter, order: Order): boolean {
  const isUserGiven = ownerId !== undefined || userId != null
  if (order !== 'CREATED_AT') {
    if (states != null || presets != null || filter.createdAfter != null || filter.createdBefore != null) return false
    return order === 'COMPLETED_AT' ? !isUserGiven : !isCompletedGiven(filter)
  }
  if (isCompletedGiven(filter) || isSeveral(states) || isSeveral(presets)) return false
  return presets == null || (states == null && !isUserGiven)
}

function isCompletedGiven({ completedAfter, completedBefore }: JobFilter): boolean {
  return completedAfter != null || completedBefore != null
}

/** Whether no job can match the filter. */
export function isImpossibleJobFilter(filter: JobFilter): boolean {
  const { states, presets, createdAfter, createdBefore, completedAfter, completedBefore } = filter
  return (
    isContradiction(filter) ||
    states?.length === 0 ||
    presets?.length === 0 ||
    isBackward(createdAfter, createdBefore) ||
    isBackward(completedAfter, completedBefore) ||
    // ck_jobs_times_fit_state
    (isCompletedGiven(filter) && states?.every((state) => state === 'PENDING' || state === 'PROCESSING') === true)
  )
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
