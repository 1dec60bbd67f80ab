// Jobs whose workers are gone.
import type { Job } from '../../src/database/generated/client.ts'
import { claimJobs } from '../../src/ledger/claimJobs.ts'
import type { CreateJobInput } from '../../src/ledger/createJob.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { newJob } from '../support/factories.ts'
import { onServer } from '../support/testRun.ts'

let presets = 0

/** A job that a worker has claimed, with a lease of `leaseSeconds`. */
export async function claimedJob(
  ledger: Ledger,
  leaseSeconds: number,
  input: Partial<CreateJobInput> = {},
): Promise<Job> {
  presets += 1
  const preset = `claimed-${presets}`
  await newJob(ledger, { preset, ...input })
  const [job] = await claimJobs(ledger, { workerId: 'w', actor: 'key:worker', presets: [preset], leaseSeconds })
  return job as Job
}

/** Inserts jobs whose leases ended a second ago, bypassing the ledger. */
export async function abandonJobs(databaseUrl: string, count: number): Promise<void> {
  await onServer(databaseUrl, async (client) => {
    await client.query(
      `INSERT INTO jobs (user_id, content, preset) SELECT 'many', 'c', 'abandoned' FROM generate_series(1, ${count})`,
    )
    await client.query(
      `UPDATE jobs SET state = 'PROCESSING', lease_expires_at = now() - interval '1 second'
        WHERE state = 'PENDING' AND preset = 'abandoned'`,
    )
  })
}
