// Filters of lists, counts and streams of records: as an SQL condition, and as a check of one
// record.
import { type JobState, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { InputCheck } from './inputCheck.ts'
import { checkLength, oneOf, ownerConditions } from './jobFilter.ts'
import type { Limits } from './limits.ts'

/** A record must satisfy all given conditions. */
export interface JobStateRecordFilter {
  /**
   * Only records of this user's jobs, in addition to `userId`. Restricts a caller to its own jobs.
   */
  ownerId?: string | undefined
  /** A UUID. */
  jobId?: string | null | undefined
  /** The owner of the job. */
  userId?: string | null | undefined
  actor?: string | null | undefined
  previousStates?: JobState[] | null | undefined
  newStates?: JobState[] | null | undefined
  /** Inclusive. */
  after?: Date | null | undefined
  /** Exclusive. */
  before?: Date | null | undefined
}

/** The condition on the table `job_states`. @throws InvalidInputError */
export function recordCondition(filter: JobStateRecordFilter | null | undefined, limits: Limits): Prisma.Sql {
  const { jobId, ownerId, userId, actor, previousStates, newStates, after, before } = filter ?? {}
  checkFilter(filter ?? {}, limits)
  const owner = ownerConditions({ ownerId, userId })
  const conditions: (Prisma.Sql | false)[] = [
    jobId != null && Prisma.sql`job_states.job_id = ${jobId}::uuid`,
    owner.length > 0 && Prisma.sql`EXISTS (SELECT FROM jobs WHERE jobs.id = job_states.job_id AND ${and(owner)})`,
    actor != null && Prisma.sql`job_states.actor = ${actor}`,
    previousStates != null && oneOf('job_states.previous_state', 'job_state', previousStates),
    newStates != null && oneOf('job_states.new_state', 'job_state', newStates),
    after != null && Prisma.sql`job_states.timestamp >= ${after}`,
    before != null && Prisma.sql`job_states.timestamp < ${before}`,
  ]
  return and(conditions.filter((condition) => condition !== false))
}

function checkFilter(filter: JobStateRecordFilter, limits: Limits): void {
  const check = new InputCheck(limits)
  check.name('userId', filter.userId)
  check.name('actor', filter.actor)
  checkLength(check, 'previousStates', filter.previousStates)
  checkLength(check, 'newStates', filter.newStates)
  check.instant('after', filter.after)
  check.instant('before', filter.before)
  if (filter.jobId != null) check.uuid('jobId', filter.jobId)
  check.throwIfAny()
}

/** The fields of a record that a filter uses. */
export interface RecordFacts {
  readonly jobId: string
  /** The owner of the job. */
  readonly userId: string
  readonly actor: string
  readonly previousState: JobState | null
  readonly newState: JobState
  readonly timestamp: Date
}

/** Whether a record matches the filter. Must agree with `recordCondition`. */
export function matches(filter: JobStateRecordFilter, record: RecordFacts): boolean {
  const { jobId, ownerId, userId, actor, previousStates, newStates, after, before } = filter
  return (
    equals(record.jobId, jobId?.toLowerCase()) &&
    equals(record.userId, ownerId) &&
    equals(record.userId, userId) &&
    equals(record.actor, actor) &&
    (previousStates == null || (record.previousState !== null && previousStates.includes(record.previousState))) &&
    (newStates == null || newStates.includes(record.newState)) &&
    (after == null || record.timestamp >= after) &&
    (before == null || record.timestamp < before)
  )
}

/** Whether a value satisfies an optional condition. */
function equals(value: string, expected: string | null | undefined): boolean {
  return expected == null || value === expected
}
