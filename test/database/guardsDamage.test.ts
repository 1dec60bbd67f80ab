// Only a superuser who disables the guards can bypass them. The damage is visible, and later
// transitions are refused.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { expectRefusal } from '../support/attack.ts'
import { ACTOR, deletedJob, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows, historyOf } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(() => ledger.close())

async function damage(sql: string): Promise<void> {
  await session.query(`BEGIN; SET LOCAL session_replication_role = replica; ${sql}; COMMIT`)
}

describe('a damaged history', () => {
  it.each([
    ['its last record is gone', (id: string) => `DELETE FROM job_states WHERE job_id = '${id}' AND sequence = 2`],
    [
      'its last record has another state',
      (id: string) => `UPDATE job_states SET new_state = 'FAILED' WHERE job_id = '${id}' AND sequence = 2`,
    ],
    ['all of it is gone', (id: string) => `DELETE FROM job_states WHERE job_id = '${id}'`],
    ['the job was moved past it', (id: string) => `UPDATE jobs SET version = 9 WHERE id = '${id}'`],
  ])('is not continued where %s', async (_, sql) => {
    const { id } = await jobIn(ledger, 'PROCESSING')
    await damage(sql(id))
    await expectRefusal(session, `UPDATE jobs SET state = 'PENDING' WHERE id = '${id}'`, {
      code: 'JL003',
      message: new RegExp(
        `^The history of job ${id} does not lead to PROCESSING at version \\d; it was tampered with\\.$`,
      ),
    })
    const before = await allRows(session)
    await expect(transitionJob(ledger, { jobId: id, to: 'FAILED', actor: ACTOR })).rejects.toThrow('tampered with')
    await expect(deleteJob(ledger, { jobId: id, actor: ACTOR })).rejects.toThrow('tampered with')
    expect(await allRows(session)).toEqual(before)
  })

  it('of one job does not stop another', async () => {
    const [damaged, sound] = [await jobIn(ledger, 'PROCESSING'), await jobIn(ledger, 'PROCESSING')]
    await damage(`DELETE FROM job_states WHERE job_id = '${damaged.id}'`)
    await transitionJob(ledger, { jobId: sound.id, to: 'COMPLETED', actor: ACTOR })
    expect(await historyOf(session, sound.id)).toHaveLength(3)
  })
})

describe('switching the guards off', () => {
  it('is denied to anyone who is not a superuser', async () => {
    const { id } = await newJob(ledger)
    await expectRefusal(
      session,
      `BEGIN; SET LOCAL ROLE pg_read_all_data; SET LOCAL session_replication_role = replica;
       DELETE FROM job_states WHERE job_id = '${id}'; COMMIT`,
      { code: '42501', message: 'session_replication_role' },
    )
    await expectRefusal(
      session,
      'BEGIN; SET LOCAL ROLE pg_write_all_data; ALTER TABLE job_states DISABLE TRIGGER ALL; COMMIT',
      { code: '42501', message: 'must be owner of table job_states' },
    )
  })
})

describe('removing a job', () => {
  const remove = (id: string) => `DELETE FROM jobs WHERE id = '${id}'`
  const refusalFor = (id: string) => ({
    code: 'JL005',
    message: `Job ${id} cannot be removed: its history would be lost.`,
  })

  it('is refused in any state, even if it is deleted', async () => {
    const jobs = await Promise.all([
      newJob(ledger),
      jobIn(ledger, 'COMPLETED'),
      jobIn(ledger, 'CANCELLED'),
      deletedJob(ledger),
    ])
    for (const { id } of jobs) await expectRefusal(session, remove(id), refusalFor(id))
  })

  it('is refused for a job that is not deleted, even with the setting of the purge', async () => {
    const { id } = await jobIn(ledger, 'CANCELLED')
    await expectRefusal(session, `BEGIN; SET LOCAL jobledger.purge = 'on'; ${remove(id)}; COMMIT`, refusalFor(id))
  })

  it.each(['off', 'true', 'ON', ''])('is refused for a deleted job with the setting "%s"', async (setting) => {
    const { id } = await deletedJob(ledger)
    await expectRefusal(
      session,
      `BEGIN; SET LOCAL jobledger.purge = '${setting}'; ${remove(id)}; COMMIT`,
      refusalFor(id),
    )
  })

  it('removes a deleted job with its history and result if the setting of the purge is on', async () => {
    const other = await deletedJob(ledger)
    const { id } = await jobIn(ledger, 'COMPLETED')
    await session.query(`INSERT INTO job_results (job_id, status) VALUES ('${id}', 'success')`)
    await deleteJob(ledger, { jobId: id, actor: ACTOR })
    await session.query(`BEGIN; SET LOCAL jobledger.purge = 'on'; ${remove(id)}; COMMIT`)
    expect((await allRows(session)).filter((line) => line.includes(id))).toEqual([])
    expect(await historyOf(session, other.id)).toHaveLength(2)
    // The setting ended with its transaction.
    await expectRefusal(session, remove(other.id), refusalFor(other.id))
  })

  it('is refused by TRUNCATE', async () => {
    await newJob(ledger)
    // Without CASCADE, PostgreSQL itself refuses, because other tables reference this one.
    await expectRefusal(session, 'TRUNCATE jobs', { code: '0A000' })
    await expectRefusal(session, 'TRUNCATE jobs, job_states, job_results, job_result_records', {
      code: 'JL005',
      message: 'Jobs cannot be truncated: their history would be lost.',
    })
  })
})
