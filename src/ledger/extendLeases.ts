// Extends the leases under which a worker holds jobs. No change of state: nothing is recorded, and the version stays.

import { type Job, Prisma } from '../database/generated/client.ts'
import { retryConflicts } from '../database/sqlErrors.ts'
import { checkLease } from './claimJobs.ts'
import { InputCheck, isJobId } from './inputCheck.ts'
import { changeJobs, type JobAnswer, WHOLE_JOB } from './jobAnswer.ts'
import type { Ledger } from './ledger.ts'

/** A job as a worker holds it. */
export interface JobLease {
  jobId: string
  /** The version that the job had when the worker claimed it. */
  version: number
}

export interface ExtendLeasesInput {
  /** 1 to `batchItems`. */
  leases: JobLease[]
  /** From now on the jobs are the worker's for so long; 60 by default. */
  leaseSeconds?: number | null | undefined
}

export interface ExtendedLeases {
  /** The jobs that the worker still holds, in the order of the leases. */
  extended: Job[]
  /** The jobs that it does not hold any more, or never did; what is no id of a job as it was given. */
  lost: string[]
}

/**
 * Extends leases, all of them in one statement. A lease that has ended is extended too, as long as nobody took the job away. A job
 * that is PROCESSING without a lease gets one.
 *
 * @throws InvalidInputError, AnswerTooLargeError. Then nothing was written.
 */
export async function extendLeases(
  ledger: Ledger,
  input: ExtendLeasesInput,
  answer: JobAnswer = WHOLE_JOB,
): Promise<ExtendedLeases> {
  const { leases } = input
  const leaseSeconds = input.leaseSeconds ?? 60
  const check = new InputCheck(ledger.limits)
  checkLeases(check, leases, ledger.limits.batchItems)
  checkLease(check, leaseSeconds)
  check.throwIfAny()
  // An id that no job can have must not cost the others their leases: it is lost.
  const possible = leases.filter(({ jobId }) => isJobId(jobId))
  const ids = possible.map(({ jobId }) => jobId)
  const versions = possible.map(({ version }) => version)
  // Rows are locked in one order, as by all who lock several: two callers can wait for each other, never deadlock.
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
  const jobs = await retryConflicts(() => changeJobs(ledger, { changes }, answer))
  const byId = new Map(jobs.map((job) => [job.id, job]))
  const asked = [...new Set(leases.map(({ jobId }) => (isJobId(jobId) ? jobId.toLowerCase() : jobId)))]
  return {
    extended: asked.flatMap((jobId) => byId.get(jobId) ?? []),
    lost: asked.filter((jobId) => !byId.has(jobId)),
  }
}

function checkLeases(check: InputCheck, leases: JobLease[], most: number): void {
  if (leases.length < 1 || leases.length > most) {
    check.addIssue('leases', `must be 1 to ${most} items; ${leases.length} came.`)
    return
  }
  for (const [index, { version }] of leases.entries()) {
    check.integer(['leases', String(index), 'version'], version, 1)
  }
}
