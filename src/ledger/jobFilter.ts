// Filters of lists and counts of jobs, and their SQL conditions.
import { type JobState, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { minUuidAt } from '../database/uuid.ts'
import { InputCheck, type JsonObject } from './inputCheck.ts'
import type { Limits } from './limits.ts'

/** A job must satisfy all given conditions. */
export interface JobFilter {
  /** Only jobs of this user, in addition to `userId`. Restricts a caller to its own jobs. */
  ownerId?: string | undefined
  userId?: string | null | undefined
  states?: JobState[] | null | undefined
  presets?: string[] | null | undefined
  /** Inclusive. */
  createdAfter?: Date | null | undefined
  /** Exclusive. */
  createdBefore?: Date | null | undefined
  /** Inclusive. */
  completedAfter?: Date | null | undefined
  /** Exclusive. */
  completedBefore?: Date | null | undefined
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
export function jobConditions(filter: JobFilter): Prisma.Sql[] {
  const { states, presets, createdAfter, createdBefore, completedAfter, completedBefore, metadata } = filter
  const conditions: (Prisma.Sql | false)[] = [
    ...ownerConditions(filter),
    states != null && oneOf('jobs.state', 'job_state', states),
    presets != null && oneOf('jobs.preset', 'text', presets),
    // Ids are UUIDs of version 7, which contain the time of creation. Lists are ordered by id, so a
    // range of ids is one index range.
    createdAfter != null && Prisma.sql`jobs.id >= ${minUuidAt(createdAfter)}::uuid`,
    createdBefore != null && Prisma.sql`jobs.id < ${minUuidAt(createdBefore)}::uuid`,
    completedAfter != null && Prisma.sql`jobs.completed_at >= ${completedAfter}`,
    // A job is created before it is completed (ck_jobs_times_in_order), so the bound also limits
    // the ids.
    completedBefore != null &&
      Prisma.sql`jobs.completed_at < ${completedBefore} AND jobs.id < ${minUuidAt(completedBefore)}::uuid`,
    metadata != null &&
      Object.keys(metadata).length > 0 &&
      Prisma.sql`jobs.metadata @> ${JSON.stringify(metadata)}::jsonb`,
  ]
  return conditions.filter((condition) => condition !== false)
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

/** @throws InvalidInputError */
export function checkJobFilter({ userId, states, presets, metadata, ...instants }: JobFilter, limits: Limits): void {
  const check = new InputCheck(limits)
  check.name('userId', userId)
  checkLength(check, 'states', states)
  checkNames(check, 'presets', presets)
  for (const path of ['createdAfter', 'createdBefore', 'completedAfter', 'completedBefore'] as const) {
    check.instant(path, instants[path])
  }
  check.metadata('metadata', metadata)
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
