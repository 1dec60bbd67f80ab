// Extends the leases of a worker's jobs. The state and version stay the same, so no record is
// written.

import { type Job, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { checkLease } from './claimJobs.ts'
import { InputCheck, isJobId } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { changeJobs, type ReturnedJob, WHOLE_JOB } from './returnedJob.ts'

/** A job that a worker holds. */
export interface JobLease {
  jobId: string
  /** The version that the job had when the worker claimed it. */
  version: number
}

export interface ExtendLeasesInput {
  /** 1 to `batchItems`. */
  leases: JobLease[]
  /** Duration of the leases from now on, 1 to `MAX_LEASE_SECONDS`. Default: 60. */
  leaseSeconds?: number | null | undefined
}

export interface ExtendedLeases {
  /** The jobs that the worker still holds, in the order of the leases. */
  extended: Job[]
  /** The ids of jobs that it no longer holds or never held. Includes invalid ids, unchanged. */
  lost: string[]
}

/**
 * Extends all given leases in one statement. Also extends a lease that has ended, if the job was
 * not rescued or claimed since. A job that is PROCESSING without a lease gets one.
 *
 * @throws InvalidInputError, ResponseTooLargeError. In both cases nothing was written.
 */
export async function extendLeases(
  ledger: Ledger,
  input: ExtendLeasesInput,
  returned: ReturnedJob = WHOLE_JOB,
): Promise<ExtendedLeases> {
  const { leases } = input
  const leaseSeconds = input.leaseSeconds ?? 60
  const check = new InputCheck(ledger.limits)
  checkLeases(check, leases, ledger.limits.batchItems)
  checkLease(check, leaseSeconds)
  check.throwIfAny()
  // An invalid id must not prevent the extension of the other leases: it counts as lost.
  const valid = leases.filter(({ jobId }) => isJobId(jobId))
  const ids = valid.map(({ jobId }) => jobId)
  const versions = valid.map(({ version }) => version)
  // Locks rows by id, like every statement that locks several jobs, so that concurrent callers wait
  // but do not deadlock.
  const changes = Prisma.sql`
      WITH held AS MATERIALIZED (
        SELECT id FROM jobs WHERE id = ANY (${ids}::uuid[]) AND state = 'PROCESSING' AND EXISTS (
          SELECT FROM unnest(${ids}::uuid[], ${versions}::integer[]) AS lease (id, version)
          WHERE lease.id = jobs.id AND lease.version = jobs.version)
        ORDER BY id FOR NO KEY UPDATE
      ), changed AS (
        UPDATE jobs SET lease_expires_at = jobledger.current_instant() + interval '1 second' * ${leaseSeconds}::integer
        WHERE id = ANY (ARRAY(SELECT id FROM held))
        RETURNING *
      )`
  const jobs = await retryConflicts(() => changeJobs(ledger, { changes }, returned))
  const byId = new Map(jobs.map((job) => [job.id, job]))
  const requested = [...new Set(leases.map(({ jobId }) => (isJobId(jobId) ? jobId.toLowerCase() : jobId)))]
  return {
    extended: requested.flatMap((jobId) => byId.get(jobId) ?? []),
    lost: requested.filter((jobId) => !byId.has(jobId)),
  }
}

function checkLeases(check: InputCheck, leases: JobLease[], max: number): void {
  if (leases.length < 1 || leases.length > max) {
    check.addIssue('leases', `must have 1 to ${max} items (got ${leases.length}).`)
    return
  }
  for (const [index, { version }] of leases.entries()) {
    check.integer(['leases', String(index), 'version'], version, 1)
  }
}
