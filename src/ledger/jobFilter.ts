// Filters of lists and counts of jobs, and their SQL conditions.
import { type JobState, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { minUuidAt } from '../database/uuid.ts'
import { withoutExclusions } from './exclusions.ts'
import { InputCheck, type JsonObject } from './inputCheck.ts'
import type { Limits } from './limits.ts'

/** A job must satisfy all given conditions. */
export interface JobFilter {
  /** Only jobs of this user, in addition to `userId`. Restricts a caller to its own jobs. */
  ownerId?: string | undefined
  userId?: string | null | undefined
  /** Ids of jobs. */
  ids?: string[] | null | undefined
  states?: JobState[] | null | undefined
  excludeStates?: JobState[] | null | undefined
  presets?: string[] | null | undefined
  /** Jobs without a preset are not excluded. */
  excludePresets?: string[] | null | undefined
  /** Who made the latest transition. */
  actor?: string | null | undefined
  /** Inclusive. */
  createdAfter?: Date | null | undefined
  /** Exclusive. */
  createdBefore?: Date | null | undefined
  /** Inclusive. */
  completedAfter?: Date | null | undefined
  /** Exclusive. */
  completedBefore?: Date | null | undefined
  /** Inclusive. */
  startedAfter?: Date | null | undefined
  /** Exclusive. */
  startedBefore?: Date | null | undefined
  /** Inclusive. */
  updatedAfter?: Date | null | undefined
  /** Exclusive. */
  updatedBefore?: Date | null | undefined
  /** The metadata of the job contains this object, as PostgreSQL's `jsonb @>` defines it. */
  metadata?: JsonObject | null | undefined
  /** Includes deleted jobs. Default: false. */
  includeDeleted?: boolean | null | undefined
}

/** Maximum number of values in one condition of a filter. */
const MAX_FILTER_VALUES = 100

/** The condition on the table `jobs`. @throws InvalidInputError */
export function jobCondition(filter: JobFilter | null | undefined, limits: Limits): Prisma.Sql {
  if (!filter) return NOT_DELETED
  checkJobFilter(filter, limits)
  const conditions = jobConditions(filter)
  return and(filter.includeDeleted ? conditions : [NOT_DELETED, ...conditions])
}

const NOT_DELETED = Prisma.sql`jobs.deleted_at IS NULL`

/** Conditions on the table `jobs` for a valid filter. Ignores `includeDeleted`. */
export function jobConditions(given: JobFilter): Prisma.Sql[] {
  const filter = withoutExclusions(given)
  const { ids, states, presets, excludePresets, actor, metadata } = filter
  const conditions: (Prisma.Sql | false)[] = [
    ...ownerConditions(filter),
    ids != null && oneOf('jobs.id', 'uuid', ids),
    states != null && oneOf('jobs.state', 'job_state', states),
    presets != null && oneOf('jobs.preset', 'text', presets),
    excludePresets != null && Prisma.sql`(${oneOf('jobs.preset', 'text', excludePresets)}) IS NOT TRUE`,
    actor != null && Prisma.sql`jobs.state_actor = ${actor}`,
    ...timeConditions(filter),
    metadata != null &&
      Object.keys(metadata).length > 0 &&
      Prisma.sql`jobs.metadata @> ${JSON.stringify(metadata)}::jsonb`,
  ]
  return conditions.filter((condition) => condition !== false)
}

function timeConditions(filter: JobFilter): (Prisma.Sql | false)[] {
  const { createdAfter, createdBefore } = filter
  return [
    // Ids are UUIDs of version 7, which contain the time of creation. Lists are ordered by id, so a
    // range of ids is one index range.
    createdAfter != null && Prisma.sql`jobs.id >= ${minUuidAt(createdAfter)}::uuid`,
    createdBefore != null && Prisma.sql`jobs.id < ${minUuidAt(createdBefore)}::uuid`,
    ...between('jobs.started_at', filter.startedAfter, filter.startedBefore),
    ...between('jobs.updated_at', filter.updatedAfter, filter.updatedBefore),
    ...between('jobs.completed_at', filter.completedAfter, filter.completedBefore),
  ]
}

type Instant = Date | null | undefined

/**
 * A job is created before all its other times (ck_jobs_times_in_order), so `before` also limits the
 * ids.
 */
function between(column: string, after: Instant, before: Instant): (Prisma.Sql | false)[] {
  const time = Prisma.raw(column)
  return [
    after != null && Prisma.sql`${time} >= ${after}`,
    before != null && Prisma.sql`${time} < ${before} AND jobs.id < ${minUuidAt(before)}::uuid`,
  ]
}

type Owners = Pick<JobFilter, 'ownerId' | 'userId'>

/** Whether the filter requires two different users, so that no job can match. */
export function isContradiction({ ownerId, userId }: Owners): boolean {
  return ownerId !== undefined && userId != null && userId !== ownerId
}

export function ownerConditions(owners: Owners): Prisma.Sql[] {
  if (isContradiction(owners)) return [Prisma.sql`false`]
  const owner = owners.ownerId ?? owners.userId
  return owner == null ? [] : [Prisma.sql`jobs.user_id = ${owner}`]
}

/** An index returns rows in its order for `= value`, but not for `= ANY`. */
export function oneOf(column: string, type: string, values: readonly string[]): Prisma.Sql {
  const [first, ...others] = new Set(values)
  if (first !== undefined && others.length === 0)
    return Prisma.sql`${Prisma.raw(column)} = ${first}::${Prisma.raw(type)}`
  return Prisma.sql`${Prisma.raw(column)} = ANY (${values}::text[]::${Prisma.raw(type)}[])`
}

/** The conditions of a filter on times. */
export const FILTER_TIMES = [
  'createdAfter',
  'createdBefore',
  'startedAfter',
  'startedBefore',
  'updatedAfter',
  'updatedBefore',
  'completedAfter',
  'completedBefore',
] as const satisfies (keyof JobFilter)[]

/** @throws InvalidInputError */
export function checkJobFilter(filter: JobFilter, limits: Limits): void {
  const check = new InputCheck(limits)
  const { ids } = filter
  check.name('userId', filter.userId)
  if (checkLength(check, 'ids', ids))
    for (const [index, id] of (ids ?? []).entries()) check.uuid(['ids', `${index}`], id)
  checkLength(check, 'states', filter.states)
  checkLength(check, 'excludeStates', filter.excludeStates)
  checkNames(check, 'presets', filter.presets)
  checkNames(check, 'excludePresets', filter.excludePresets)
  check.name('actor', filter.actor)
  for (const path of FILTER_TIMES) check.instant(path, filter[path])
  check.metadata('metadata', filter.metadata)
  check.throwIfAny()
}

/** Reports a list with too many names or with an invalid name. */
export function checkNames(check: InputCheck, path: string, names: readonly string[] | null | undefined): void {
  if (checkLength(check, path, names)) for (const name of names ?? []) check.name(path, name)
}

/** Reports a list with more than `MAX_FILTER_VALUES` values. */
export function checkLength(check: InputCheck, path: string, values: readonly unknown[] | null | undefined): boolean {
  if (!values || values.length <= MAX_FILTER_VALUES) return true
  check.addIssue(path, `must have at most ${MAX_FILTER_VALUES} values (got ${values.length}).`)
  return false
}
