// The guards of transitions, attacked with plain SQL on a separate connection, as psql or Prisma
// Studio would.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { isLegalTransition, JOB_STATES } from '../../src/ledger/states.ts'
import { expectRefusal } from '../support/attack.ts'
import { deletedJob, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows, expectSoundHistories, historyOf } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client
let directActor: string

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
  const { rows } = await session.query<{ actor: string }>("SELECT concat('db:', session_user) AS actor")
  directActor = (rows[0] as { actor: string }).actor
})

afterAll(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

const PAIRS = JOB_STATES.flatMap((from) => JOB_STATES.map((to) => ({ from, to })))

async function stored(id: string): Promise<Job> {
  return ledger.prisma.job.findUniqueOrThrow({ where: { id } })
}

describe('jobledger.is_legal_transition', () => {
  it('agrees with src/ledger/states.ts on all 25 pairs', async () => {
    for (const { from, to } of PAIRS) {
      const { rows } = await session.query(
        'SELECT jobledger.is_legal_transition($1, $2, false) AS plain, jobledger.is_legal_transition($1, $2, true) AS deleting',
        [from, to],
      )
      expect({ from, to, ...rows[0] }).toEqual({
        from,
        to,
        plain: isLegalTransition(from, to),
        deleting: to === 'CANCELLED',
      })
    }
  })
})

describe('an UPDATE of the state that raises the version by one', () => {
  for (const { from, to } of PAIRS) {
    const sql = (id: string) => `UPDATE jobs SET state = '${to}', version = version + 1, state_actor = 'me',
      state_reason = 'because', state_metadata = '{"n": 1}' WHERE id = '${id}'`
    if (isLegalTransition(from, to)) {
      it(`takes a job from ${from} to ${to} and records who, why and what`, async () => {
        const job = await jobIn(ledger, from)
        await session.query(sql(job.id))
        expect(await stored(job.id)).toMatchObject({ state: to, version: job.version + 1, stateActor: 'me' })
        expect((await historyOf(session, job.id)).at(-1)).toMatchObject({
          sequence: job.version + 1,
          previous_state: from,
          new_state: to,
          actor: 'me',
          reason: 'because',
          state_metadata: { n: 1 },
        })
      })
    } else {
      it(`does not take a job from ${from} to ${to}`, async () => {
        const { id } = await jobIn(ledger, from)
        await expectRefusal(session, sql(id), { code: 'JL001', message: `Job ${id} cannot go from ${from} to ${to}.` })
      })
    }
  }
})

describe('an UPDATE of the state that keeps the version, as an editor of tables makes it', () => {
  for (const { from, to } of PAIRS) {
    const sql = (id: string) => `UPDATE jobs SET state = '${to}' WHERE id = '${id}'`
    if (from === to) {
      it(`of ${from} to itself is no transition and leaves no record`, async () => {
        const job = await jobIn(ledger, from)
        await session.query(sql(job.id))
        expect(await stored(job.id)).toEqual({ ...job, updatedAt: expect.any(Date) })
        expect(await historyOf(session, job.id)).toHaveLength(job.version)
      })
    } else if (isLegalTransition(from, to)) {
      it(`from ${from} to ${to} is recorded as a direct update by the session's user`, async () => {
        const job = await jobIn(ledger, from)
        await session.query(`UPDATE jobs SET state = '${to}', state_actor = 'somebody else', state_reason = 'a lie',
          state_metadata = '{"a": "lie"}' WHERE id = '${job.id}'`)
        expect(await stored(job.id)).toMatchObject({ state: to, version: job.version + 1, stateActor: directActor })
        expect((await historyOf(session, job.id)).at(-1)).toMatchObject({
          sequence: job.version + 1,
          previous_state: from,
          new_state: to,
          actor: directActor,
          reason: 'direct update',
          state_metadata: {},
        })
      })
    } else {
      it(`from ${from} to ${to} is refused`, async () => {
        const { id } = await jobIn(ledger, from)
        await expectRefusal(session, sql(id), { code: 'JL001', message: `Job ${id} cannot go from ${from} to ${to}.` })
      })
    }
  }
})

describe('an UPDATE that sets deleted_at', () => {
  for (const { from, to } of PAIRS) {
    const sql = (id: string) => `UPDATE jobs SET state = '${to}', deleted_at = '2001-01-01' WHERE id = '${id}'`
    if (to === 'CANCELLED') {
      it(`deletes a job that is ${from}, at the time of the database`, async () => {
        const job = await jobIn(ledger, from)
        await session.query(sql(job.id))
        const deleted = await stored(job.id)
        expect(deleted).toMatchObject({ state: 'CANCELLED', version: job.version + 1, deletedAt: deleted.updatedAt })
        expect(deleted.deletedAt?.getTime()).toBeGreaterThanOrEqual(job.updatedAt.getTime())
        expect((await historyOf(session, job.id)).at(-1)).toMatchObject({
          previous_state: from,
          new_state: 'CANCELLED',
        })
      })
    } else {
      it(`does not make ${from} a deleted ${to}`, async () => {
        const { id } = await jobIn(ledger, from)
        await expectRefusal(session, sql(id), { code: 'JL001', message: `cannot go from ${from} to ${to}.` })
      })
    }
  }

  it.each(JOB_STATES)('does not take a deleted job to %s', async (to: JobState) => {
    const { id } = await deletedJob(ledger, 'FAILED')
    await expectRefusal(session, `UPDATE jobs SET state = '${to}', version = version + 1 WHERE id = '${id}'`, {
      code: 'JL001',
      message: `Job ${id} cannot go from CANCELLED (deleted) to ${to}.`,
    })
  })
})

describe('the version', () => {
  it.each([2, -1, 100])('is not raised by %i', async (by) => {
    const { id } = await newJob(ledger)
    await expectRefusal(session, `UPDATE jobs SET state = 'PROCESSING', version = version + ${by} WHERE id = '${id}'`, {
      code: 'JL002',
      message: `A transition must raise the version of job ${id} from 1 to 2 (got ${1 + by}).`,
    })
  })

  it.each([1, 2, -1])('is not changed by %i without a transition', async (by) => {
    const { id } = await newJob(ledger)
    await expectRefusal(session, `UPDATE jobs SET version = version + ${by} WHERE id = '${id}'`, {
      code: 'JL001',
      message: `Job ${id} cannot go from PENDING to PENDING.`,
    })
  })

  it('may be omitted by Prisma Client, whose update is then a direct one', async () => {
    const { id } = await newJob(ledger)
    await ledger.prisma.job.update({ where: { id }, data: { state: 'PROCESSING', stateActor: 'prisma' } })
    expect((await historyOf(session, id)).at(-1)).toMatchObject({
      actor: directActor,
      reason: 'direct update',
      sequence: 2,
    })
  })

  it('cannot be set to any value by Prisma Client', async () => {
    const { id } = await newJob(ledger)
    const before = await allRows(session)
    await expect(
      ledger.prisma.job.update({ where: { id }, data: { state: 'PROCESSING', version: 7 } }),
    ).rejects.toThrow(`A transition must raise the version of job ${id} from 1 to 2 (got 7).`)
    expect(await allRows(session)).toEqual(before)
  })
})

describe('other statements that write', () => {
  it('are guarded alike: an upsert cannot make an illegal transition', async () => {
    const { id } = await jobIn(ledger, 'COMPLETED')
    await expectRefusal(
      session,
      `INSERT INTO jobs (id, user_id, content) VALUES ('${id}', 'u', 'c') ON CONFLICT (id) DO UPDATE SET state = 'PENDING'`,
      { code: 'JL001', message: `Job ${id} cannot go from COMPLETED to PENDING.` },
    )
  })

  it('are guarded alike: MERGE cannot either, nor write some of its rows', async () => {
    const [legal, illegal] = [await jobIn(ledger, 'PENDING'), await jobIn(ledger, 'COMPLETED')]
    await expectRefusal(
      session,
      `MERGE INTO jobs USING (VALUES ('${legal.id}'::uuid), ('${illegal.id}'::uuid)) AS v (id) ON jobs.id = v.id
       WHEN MATCHED THEN UPDATE SET state = 'PROCESSING'`,
      { code: 'JL001', message: `Job ${illegal.id} cannot go from COMPLETED to PROCESSING.` },
    )
  })

  it('are recorded each: one UPDATE of many jobs leaves one record for every one', async () => {
    const jobs = await Promise.all([newJob(ledger), newJob(ledger), newJob(ledger)])
    const ids = jobs.map(({ id }) => id)
    await session.query("UPDATE jobs SET state = 'CANCELLED' WHERE id = ANY ($1)", [ids])
    for (const id of ids) expect(await historyOf(session, id)).toHaveLength(2)
  })
})
