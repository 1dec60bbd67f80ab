// The purge: who can remove a deleted job with its history, what it waits for, and the trace that
// it leaves.
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { countJobs } from '../../src/ledger/countJobs.ts'
import { countPurgeableJobs, purgeJobs } from '../../src/ledger/purgeJobs.ts'
import { rollUp } from '../../src/ledger/rollUp.ts'
import { expectRefusal } from '../support/attack.ts'
import { deletedJob, jobIn, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows } from '../support/history.ts'
import { passedHorizon } from '../support/passedHorizon.ts'

let ledger: TestLedger
let session: pg.Client
const STRANGER = `jobledger_stranger_${process.pid}`

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
  await session.query(`CREATE ROLE ${STRANGER}; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${STRANGER}`)
})

beforeEach(async () => {
  await session.query(`DELETE FROM jobledger.consumers WHERE name <> 'rollup'`)
  await purgeJobs(ledger, 0)
})

afterAll(async () => {
  await session.query(`DROP OWNED BY ${STRANGER}; DROP ROLE ${STRANGER}`)
  await ledger.close()
})

const byHand = (id: string) => `BEGIN; SET LOCAL jobledger.purge = 'on'; DELETE FROM jobs WHERE id = '${id}'; COMMIT`
const tracesOf = async (id: string) => (await session.query('SELECT * FROM purged_jobs WHERE job_id = $1', [id])).rows
const rowsOf = async (id: string) => (await allRows(session)).filter((line) => line.includes(id))

async function asStranger<T>(work: () => Promise<T>): Promise<T> {
  await session.query(`SET ROLE ${STRANGER}`)
  return await work().finally(() => session.query('RESET ROLE'))
}

describe('a role that can write everything, but does not own the tables', () => {
  it('cannot purge with the setting', async () => {
    const { id } = await deletedJob(ledger)
    const message = `Job ${id} cannot be removed: its history would be lost.`
    await asStranger(() => expectRefusal(session, byHand(id), { code: 'JL005', message }))
    expect(await rowsOf(id)).toHaveLength(3)
    expect(await tracesOf(id)).toEqual([])
  })

  it('cannot purge with the function, unless the owner grants it', async () => {
    const { id, version } = await deletedJob(ledger)
    const purge = `SELECT jobledger.purge(now() + interval '1 second')`
    await asStranger(() => expectRefusal(session, purge, { code: '42501' }))
    await session.query(
      `GRANT USAGE ON SCHEMA jobledger TO ${STRANGER}; GRANT EXECUTE ON FUNCTION jobledger.purge TO ${STRANGER}`,
    )
    await asStranger(() => session.query(purge))
    expect(await rowsOf(id)).toEqual([])
    expect(await tracesOf(id)).toMatchObject([{ version, records: 2 }])
    // The setting ended with the function.
    const next = await deletedJob(ledger)
    await expectRefusal(session, `DELETE FROM jobs WHERE id = '${next.id}'`, { code: 'JL005' })
  })

  it('cannot write, change or remove a trace', async () => {
    const { id } = await deletedJob(ledger)
    await session.query(byHand(id))
    const refusal = (operation: string) => ({
      code: 'JL003',
      message: `Only the purge writes purged_jobs: ${operation} of purged_jobs is refused.`,
    })
    const insert = `INSERT INTO purged_jobs VALUES (gen_random_uuid(), now(), 'x', 1, 1)`
    for (const actAs of [asStranger, (work: () => Promise<void>) => work()]) {
      await actAs(() => expectRefusal(session, insert, refusal('INSERT')))
      await actAs(() => expectRefusal(session, `UPDATE purged_jobs SET purged_by = 'x'`, refusal('UPDATE')))
      await actAs(() => expectRefusal(session, 'DELETE FROM purged_jobs', refusal('DELETE')))
      await actAs(() => expectRefusal(session, 'TRUNCATE purged_jobs', refusal('TRUNCATE')))
    }
  })
})

describe('a purge', () => {
  it('records the id, the version, the number of records, the time and the role', async () => {
    const { id } = await jobIn(ledger, 'COMPLETED')
    await session.query(`UPDATE jobs SET state = 'CANCELLED', deleted_at = now() WHERE id = $1`, [id])
    await session.query(byHand(id))
    const [{ purged_at: at, ...trace }] = await tracesOf(id)
    const { rows } = await session.query('SELECT session_user AS role, now() AS now')
    expect(trace).toEqual({ job_id: id, purged_by: rows[0].role, version: 4, records: 4 })
    expect(Math.abs(at.getTime() - rows[0].now.getTime())).toBeLessThan(60_000)
  })

  it('removes only jobs deleted before the given time, the earliest first, up to the limit', async () => {
    const [first, second, third] = [await deletedJob(ledger), await deletedJob(ledger), await deletedJob(ledger)]
    const kept = await jobIn(ledger, 'CANCELLED')
    expect(await purgeJobs(ledger, 1)).toBe(0)
    expect(await purgeJobs(ledger, 0, 2)).toBe(2)
    const left: number[] = []
    for (const { id } of [first, second, third, kept]) left.push((await rowsOf(id)).length)
    expect(left).toEqual([0, 0, 3, 3])
  })

  it('waits for each consumer that has not read all records of the job', async () => {
    const { id } = await deletedJob(ledger)
    const { rows } = await session.query(
      'SELECT transaction_id, record.id FROM job_states AS record WHERE job_id = $1 ORDER BY sequence DESC LIMIT 1',
      [id],
    )
    await session.query(
      `INSERT INTO jobledger.consumers VALUES ('file:/far', 9223372036854775807, 0), ('file:/near', $1, $2)`,
      [rows[0].transaction_id, rows[0].id - 1],
    )
    expect(await countPurgeableJobs(ledger, 0)).toEqual({ purgeable: 0, waiting: 1 })
    expect(await purgeJobs(ledger, 0)).toBe(0)
    await expectRefusal(session, byHand(id), {
      code: 'JL005',
      message: `Job ${id} cannot be purged yet: the consumer file:/near has not read all of its records.`,
    })
    await session.query(`UPDATE jobledger.consumers SET record_id = record_id + 1 WHERE name = 'file:/near'`)
    expect(await countPurgeableJobs(ledger, 0)).toEqual({ purgeable: 1, waiting: 0 })
    expect(await purgeJobs(ledger, 0)).toBe(1)
  })

  it('keeps the counts correct, whether the roll-up has read the job or not', async () => {
    await passedHorizon(ledger)
    await deletedJob(ledger)
    while ((await rollUp(ledger, 1000)) > 0);
    await deletedJob(ledger)
    const before = await countJobs(ledger, {})
    expect(await purgeJobs(ledger, 0)).toBe(2)
    expect(await countJobs(ledger, {})).toBe(before)
    expect(await countJobs(ledger, { includeDeleted: true })).toBe(before)
  })
})
