// What a list or a count of jobs may be restricted to, as a condition of Prisma.
import type { JobState, Prisma } from '../database/generated/client.ts'
import { leastUuidAt } from '../database/uuid.ts'
import { InputCheck, type JsonObject } from './inputCheck.ts'
import type { Limits } from './limits.ts'
import { opaqueJson } from './opaqueJson.ts'

/** All given conditions hold. */
export interface JobFilter {
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
  checkFilter(filter, limits)
  const { userId, states, presets, metadata } = filter
  const conditions: (Prisma.JobWhereInput | false)[] = [
    !filter.includeDeleted && { deletedAt: null },
    userId != null && { userId },
    states != null && { state: { in: states } },
    presets != null && { preset: { in: presets } },
    ...timeConditions(filter),
    metadata != null && { metadataList: { elements: { array_contains: opaqueJson([metadata]) } } },
  ]
  return { AND: conditions.filter((condition) => condition !== false) }
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

function checkFilter({ userId, presets, metadata, ...instants }: JobFilter, limits: Limits): void {
  const check = new InputCheck(limits)
  check.name('userId', userId)
  if (presets && presets.length > FILTER_VALUES) {
    check.refuse('presets', `must be at most ${FILTER_VALUES}; ${presets.length} came.`)
  } else {
    for (const preset of presets ?? []) check.name('presets', preset)
  }
  for (const path of ['createdAfter', 'createdBefore', 'completedAfter', 'completedBefore'] as const) {
    check.instant(path, instants[path])
  }
  check.metadata('metadata', metadata)
  check.done()
}
