// Results can be replaced, but not removed without their job, and each revision leaves a record.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { setJobResult } from '../../src/ledger/jobResult.ts'
import { expectRefusal } from '../support/attack.ts'
import { ACTOR, deletedJob, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows } from '../support/history.ts'

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
    for (const table of ['job_results', 'job_result_records']) {
      const { rows } = await session.query(`SELECT FROM ${table} WHERE job_id = $1`, [id])
      expect(rows).toHaveLength(0)
    }
  })
})

const revisionsOf = async (jobId: string) =>
  (await session.query('SELECT * FROM job_result_records WHERE job_id = $1 ORDER BY revision', [jobId])).rows

describe('a change of a result', () => {
  it('leaves a record of each revision, with actor and role, in the same commit', async () => {
    const { id } = await newJob(ledger)
    const output = (n: number) => ({ jobId: id, actor: 'user:ada', status: 'SUCCESS', output: { n } }) as const
    await setJobResult(ledger, output(1))
    await setJobResult(ledger, { ...output(2), actor: 'key:ci' })
    await session.query('BEGIN')
    await session.query('UPDATE job_results SET error_message = $2 WHERE job_id = $1', [id, 'by hand'])
    expect(await revisionsOf(id)).toHaveLength(3)
    await session.query('ROLLBACK')
    await session.query("UPDATE job_results SET status = 'error' WHERE job_id = $1", [id])
    const role = await me()
    const revisions = await revisionsOf(id)
    expect(revisions).toMatchObject([
      { revision: 1, status: 'success', output: { n: 1 }, actor: 'user:ada', database_role: role },
      { revision: 2, status: 'success', output: { n: 2 }, actor: 'key:ci', database_role: role },
      { revision: 3, status: 'error', output: { n: 2 }, actor: `db:${role}`, database_role: role },
    ])
    const result = await ledger.prisma.jobResult.findUniqueOrThrow({ where: { jobId: id } })
    expect(result).toMatchObject({ revision: 3, actor: `db:${role}`, updatedAt: revisions[2].timestamp })
    const ids = revisions.flatMap((record) => [BigInt(record.transaction_id), BigInt(record.id)])
    expect([...ids].sort()).toHaveLength(6)
    for (const [index, record] of revisions.slice(1).entries())
      expect(BigInt(record.transaction_id)).toBeGreaterThanOrEqual(BigInt(revisions[index].transaction_id))
  })

  it('that changes nothing leaves no record', async () => {
    const { id } = await newJob(ledger)
    await setJobResult(ledger, { jobId: id, actor: ACTOR, status: 'SUCCESS', output: 1 })
    const before = await allRows(session)
    await session.query(
      "UPDATE job_results SET status = 'success', output = '1', updated_at = 'epoch' WHERE job_id = $1",
      [id],
    )
    expect(await allRows(session)).toEqual(before)
  })

  it('that JSON calls equal leaves one if it shows: 1.1 is not 1.10', async () => {
    const { id } = await newJob(ledger)
    await session.query("INSERT INTO job_results (job_id, status, output) VALUES ($1, 'success', '1.1')", [id])
    await session.query("UPDATE job_results SET output = '1.10' WHERE job_id = $1", [id])
    const { rows } = await session.query(
      'SELECT output::text FROM job_result_records WHERE job_id = $1 ORDER BY revision',
      [id],
    )
    expect(rows).toEqual([{ output: '1.1' }, { output: '1.10' }])
  })

  it.each([
    ['another revision', 'revision = 3, status = $2', 'JL002'],
    ['an earlier revision', 'revision = 0, status = $2', 'JL002'],
    ['the revision alone', "revision = 2, status = coalesce('success', $2)", 'JL004'],
    ['the actor alone', "actor = 'user:eve', status = coalesce('success', $2)", 'JL004'],
    ['the role alone', "database_role = 'eve', status = coalesce('success', $2)", 'JL004'],
    ['its job', 'job_id = gen_random_uuid(), status = $2', 'JL004'],
  ])('is refused with %s', async (_, set, code) => {
    const { id } = await newJob(ledger)
    await setJobResult(ledger, { jobId: id, actor: ACTOR, status: 'SUCCESS' })
    const before = await allRows(session)
    const text = `UPDATE job_results SET ${set.replaceAll('$2', "'error'::job_result_status")} WHERE job_id = $1`
    await expect(session.query(text, [id])).rejects.toMatchObject({ code })
    expect(await allRows(session)).toEqual(before)
  })

  it('is refused if its history was damaged', async () => {
    const { id } = await newJob(ledger)
    await setJobResult(ledger, { jobId: id, actor: ACTOR, status: 'SUCCESS' })
    await session.query('BEGIN; SET LOCAL session_replication_role = replica')
    await session.query("UPDATE job_result_records SET status = 'error' WHERE job_id = $1", [id])
    await session.query('COMMIT')
    await expect(
      session.query("UPDATE job_results SET status = 'timeout' WHERE job_id = $1", [id]),
    ).rejects.toMatchObject({
      code: 'JL003',
      message: `The history of the result of job ${id} does not lead to revision 1; it was tampered with.`,
    })
  })
})

describe('a record of a result', () => {
  const appendOnly = (operation: string) => ({
    code: 'JL003',
    message: `The history is append-only: ${operation} of job_result_records is refused.`,
  })

  it('is not changed, deleted or truncated', async () => {
    await expectRefusal(session, "UPDATE job_result_records SET status = 'error'", appendOnly('UPDATE'))
    await expectRefusal(session, 'UPDATE job_result_records SET actor = actor', appendOnly('UPDATE'))
    await expectRefusal(session, 'DELETE FROM job_result_records', appendOnly('DELETE'))
    await expectRefusal(session, 'TRUNCATE job_result_records', appendOnly('TRUNCATE'))
  })

  it('is not forged', async () => {
    const { id } = await newJob(ledger)
    const insert = `INSERT INTO job_result_records (job_id, revision, status, actor, "timestamp", transaction_id)
      VALUES ('${id}', 1, 'success', 'user:eve', now(), 0)`
    const message = 'Only the database writes records of results, one for each revision.'
    await expectRefusal(session, insert, { code: 'JL003', message })
    await setJobResult(ledger, { jobId: id, actor: ACTOR, status: 'SUCCESS' })
    await expectRefusal(session, insert.replace(', 1,', ', 2,'), { code: 'JL003', message })
  })
})

async function me(): Promise<string> {
  return (await session.query('SELECT session_user AS me')).rows[0].me
}
