// Results can be replaced, but not removed without their job.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { expectRefusal } from '../support/attack.ts'
import { ACTOR, deletedJob, jobIn, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
  const { id } = await jobIn(ledger, 'PROCESSING')
  await completeJob(ledger, { jobId: id, actor: ACTOR, output: { pages: 1 } })
})
afterAll(() => ledger.close())

describe('a result', () => {
  it('cannot be deleted', async () => {
    const message = 'A result is removed only with its job: DELETE of job_results is refused.'
    await expectRefusal(session, 'DELETE FROM job_results', { code: 'JL005', message })
  })

  it('cannot be truncated', async () => {
    await expectRefusal(session, 'TRUNCATE job_results', { code: 'JL005' })
  })

  it('is removed with its job when a deleted job is purged', async () => {
    const { id } = await deletedJob(ledger, 'COMPLETED')
    await session.query("INSERT INTO job_results (job_id, status) VALUES ($1, 'success')", [id])
    await session.query("BEGIN; SET LOCAL jobledger.purge = 'on'")
    await session.query('DELETE FROM jobs WHERE id = $1', [id])
    await session.query('COMMIT')
    const { rows } = await session.query('SELECT FROM job_results WHERE job_id = $1', [id])
    expect(rows).toHaveLength(0)
  })
})
