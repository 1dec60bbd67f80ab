// What a list or a count of jobs may be restricted to, as conditions of SQL.
import { type JobState, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { minUuidAt } from '../database/uuid.ts'
import { InputCheck, type JsonObject } from './inputCheck.ts'
import type { Limits } from './limits.ts'

/** All given conditions hold. */
export interface JobFilter {
  /** Only jobs of this user, whatever else is asked for: how a caller is confined to its own. */
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
  /** Contained in the metadata of the job, as PostgreSQL's `jsonb @>` means it. */
  metadata?: JsonObject | null | undefined
  /** Deleted jobs too; by default they are left out. */
  includeDeleted?: boolean | null | undefined
}

/** More values than this in one filter are refused. */
const FILTER_VALUES = 100

/** As a condition on the table `jobs`. @throws InvalidInputError */
export function jobCondition(filter: JobFilter | null | undefined, limits: Limits): Prisma.Sql {
  if (!filter) return NOT_DELETED
  checkJobFilter(filter, limits)
  const conditions = jobConditions(filter)
  return and(filter.includeDeleted ? conditions : [NOT_DELETED, ...conditions])
}

const NOT_DELETED = Prisma.sql`jobs.deleted_at IS NULL`

/** Conditions on the table `jobs` for a filter that was checked. `includeDeleted` is left out of account. */
export function jobConditions(filter: JobFilter): Prisma.Sql[] {
  const { states, presets, createdAfter, createdBefore, completedAfter, completedBefore, metadata } = filter
  const conditions: (Prisma.Sql | false)[] = [
    ...ownerConditions(filter),
    states != null && oneOf('jobs.state', 'job_state', states),
    presets != null && oneOf('jobs.preset', 'text', presets),
    // The instant of creation is in the id, and lists are ordered by it: a range of ids serves both.
    createdAfter != null && Prisma.sql`jobs.id >= ${minUuidAt(createdAfter)}::uuid`,
    createdBefore != null && Prisma.sql`jobs.id < ${minUuidAt(createdBefore)}::uuid`,
    completedAfter != null && Prisma.sql`jobs.completed_at >= ${completedAfter}`,
    // What was completed earlier was created earlier too (ck_jobs_times_in_order), which tells where to begin.
    completedBefore != null &&
      Prisma.sql`jobs.completed_at < ${completedBefore} AND jobs.id < ${minUuidAt(completedBefore)}::uuid`,
    metadata != null &&
      Object.keys(metadata).length > 0 &&
      Prisma.sql`jobs.metadata @> ${JSON.stringify(metadata)}::jsonb`,
  ]
  return conditions.filter((condition) => condition !== false)
}

type Owners = Pick<JobFilter, 'ownerId' | 'userId'>

/** Two users at once are nobody: known without looking at the jobs of either. */
export function isContradiction({ ownerId, userId }: Owners): boolean {
  return ownerId !== undefined && userId != null && userId !== ownerId
}

export function ownerConditions(owners: Owners): Prisma.Sql[] {
  if (isContradiction(owners)) return [Prisma.sql`false`]
  const owner = owners.ownerId ?? owners.userId
  return owner == null ? [] : [Prisma.sql`jobs.user_id = ${owner}`]
}

/** Of one value alone an index gives the rows in its order; of several it does not. */
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

/** Notes a list with too many names, or with something that is no name. */
export function checkNames(check: InputCheck, path: string, names: readonly string[] | null | undefined): void {
  if (checkLength(check, path, names)) for (const name of names ?? []) check.name(path, name)
}

/** Notes a list with more values than a filter may have. */
export function checkLength(check: InputCheck, path: string, values: readonly unknown[] | null | undefined): boolean {
  if (!values || values.length <= FILTER_VALUES) return true
  check.addIssue(path, `must be at most ${FILTER_VALUES} values; ${values.length} came.`)
  return false
}
