// What a list or a count of jobs may be restricted to, as a condition of Prisma.
import type { JobState, Prisma } from '../database/generated/client.ts'
import { leastUuidAt } from '../database/uuid.ts'
import { InputCheck, type JsonObject } from './inputCheck.ts'
import type { Limits } from './limits.ts'
import { opaqueJson } from './opaqueJson.ts'

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

/** More values than this in one filter are refused: each becomes a condition of the statement. */
const FILTER_VALUES = 100

/** @throws InvalidInputError */
export function jobCondition(filter: JobFilter | null | undefined, limits: Limits): Prisma.JobWhereInput {
  if (!filter) return { deletedAt: null }
  checkJobFilter(filter, limits)
  const { states, presets, metadata } = filter
  const conditions: (Prisma.JobWhereInput | false)[] = [
    !filter.includeDeleted && { deletedAt: null },
    ...ownerConditions(filter),
    states != null && { state: { in: states } },
    presets != null && { preset: { in: presets } },
    ...timeConditions(filter),
    metadata != null && { metadataList: { elements: { array_contains: opaqueJson([metadata]) } } },
  ]
  return { AND: conditions.filter((condition) => condition !== false) }
}

/** Two users at once are nobody: known without looking at the jobs of either. */
export function ownerConditions({ ownerId, userId }: Pick<JobFilter, 'ownerId' | 'userId'>): Prisma.JobWhereInput[] {
  if (ownerId !== undefined && userId != null && userId !== ownerId) return [{ id: { in: [] } }]
  const owner = ownerId ?? userId
  return owner == null ? [] : [{ userId: owner }]
}

function timeConditions({ createdAfter, createdBefore, completedAfter, completedBefore }: JobFilter) {
  return [
    // The instant of creation is in the id, and lists are ordered by it: a range of ids serves both.
    createdAfter != null && { id: { gte: leastUuidAt(createdAfter) } },
    createdBefore != null && { id: { lt: leastUuidAt(createdBefore) } },
    completedAfter != null && { completedAt: { gte: completedAfter } },
    completedBefore != null && { completedAt: { lt: completedBefore } },
  ]
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
  check.done()
}

/** Notes a list with too many names, or with something that is no name. */
export function checkNames(check: InputCheck, path: string, names: readonly string[] | null | undefined): void {
  if (checkLength(check, path, names)) for (const name of names ?? []) check.name(path, name)
}

/** Notes a list with more values than a filter may have. */
export function checkLength(check: InputCheck, path: string, values: readonly unknown[] | null | undefined): boolean {
  if (!values || values.length <= FILTER_VALUES) return true
  check.refuse(path, `must be at most ${FILTER_VALUES} values; ${values.length} came.`)
  return false
}
