// Attacks on jobs and results: the identity of a job never changes, it starts as a new job, and its
// times come from the database.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minUuidAt } from '../../src/database/uuid.ts'
import { setJobResult } from '../../src/ledger/jobResult.ts'
import { expectRefusal } from '../support/attack.ts'
import { deletedJob, jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

const insert = (columns: Record<string, string>): string => {
  const all = { user_id: "'user'", content: "'content'", ...columns }
  return `INSERT INTO jobs (${Object.keys(all)}) VALUES (${Object.values(all)})`
}

describe('a direct INSERT', () => {
  it('creates a new job and is recorded as a direct insert', async () => {
    const { rows } = await session.query<{ id: string; actor: string; created_at: Date }>(
      `${insert({})} RETURNING id, created_at, concat('db:', session_user) AS actor`,
    )
    const { id, actor, created_at } = rows[0] as { id: string; actor: string; created_at: Date }
    const job = await ledger.prisma.job.findUniqueOrThrow({ where: { id } })
    expect(job).toMatchObject({ state: 'PENDING', version: 1, stateActor: actor, stateReason: 'direct insert' })
    expect(await historyOf(session, id)).toMatchObject([
      {
        sequence: 1,
        previous_state: null,
        new_state: 'PENDING',
        actor,
        reason: 'direct insert',
        timestamp: created_at,
      },
    ])
  })

  it.each([
    ['in another state', { state: "'PROCESSING'" }, '(got PROCESSING, version 1)'],
    ['with another version', { version: '2' }, '(got PENDING, version 2)'],
    [
      'with started_at',
      { started_at: 'now()' },
      'A new job must be PENDING, with version 1 and without start, completion and deletion',
    ],
    [
      'with completed_at',
      { completed_at: 'now()' },
      'A new job must be PENDING, with version 1 and without start, completion and deletion',
    ],
    [
      'with deleted_at',
      { deleted_at: 'now()' },
      'A new job must be PENDING, with version 1 and without start, completion and deletion',
    ],
    ['as a job that is over', { state: "'CANCELLED'", completed_at: 'now()' }, '(got CANCELLED, version 1)'],
    ['with an id from the future', { id: `'${minUuidAt(new Date(Date.now() + 120_000))}'` }, 'is in the future'],
    ['with an id from the end of time', { id: "'ffffffff-ffff-7fff-bfff-ffffffffffff'" }, 'is in the future'],
  ])('does not make a job %s', async (_, columns, message) => {
    await expectRefusal(session, insert(columns), { code: 'JL006', message })
  })

  it.each(['1', '4', '6', '8'])('does not take an id of UUID version %s', async (version) => {
    await expectRefusal(session, insert({ id: `'0199ed7c-6b2a-${version}a7b-8a4c-1de3aab2c1f3'` }), {
      code: '23514',
      constraint: 'ck_jobs_id_is_uuid_v7',
    })
  })

  it.each(['0', '7', 'c', 'f'])('does not take an id of version 7 with the variant digit %s', async (digit) => {
    await expectRefusal(session, insert({ id: `'0199ed7c-6b2a-7a7b-${digit}a4c-1de3aab2c1f3'` }), {
      code: '23514',
      constraint: 'ck_jobs_id_is_uuid_v7',
    })
  })

  it('takes created_at and updated_at from the id, whatever it specifies', async () => {
    const instant = new Date('2025-03-04T05:06:07.089Z')
    const id = minUuidAt(instant)
    await session.query(insert({ id: `'${id}'`, created_at: "'2001-01-01'", updated_at: "'2031-01-01'" }))
    const job = await ledger.prisma.job.findUniqueOrThrow({ where: { id } })
    expect([job.createdAt, job.updatedAt]).toEqual([instant, instant])
  })

  it('refuses a duplicate id', async () => {
    const { id } = await newJob(ledger)
    await expectRefusal(session, insert({ id: `'${id}'` }), { code: '23505', constraint: 'pk_jobs' })
  })
})

describe('the identity of a job', () => {
  it.each([
    ['id', `'${MISSING_ID}'`],
    ['user_id', "'another'"],
    ['content', "'another'"],
    ['preset', "'another'"],
    ['metadata', `'{"size": 1.10}'`],
    ['priority', '7'],
    ['max_attempts', '3'],
    ['salt', 'gen_random_uuid()'],
    ['created_at', "'2001-01-01'"],
    ['idempotency_key', "'another'"],
    ['request_hash', "'\\x00'"],
  ])('does not change: %s', async (column, value) => {
    const { id } = await newJob(ledger, {
      preset: 'first',
      metadata: { size: 1.1 },
      idempotencyKey: `key of ${column}`,
    })
    await expectRefusal(session, `UPDATE jobs SET ${column} = ${value} WHERE id = '${id}'`, {
      code: 'JL004',
      message: `These columns of job ${id} never change: id, user_id, content, preset, metadata, priority, max_attempts, created_at, idempotency_key, request_hash, salt.`,
    })
  })

  it('does not change together with a legal transition', async () => {
    const { id } = await newJob(ledger)
    const refused = { code: 'JL004', message: `These columns of job ${id} never change` }
    await expectRefusal(session, `UPDATE jobs SET state = 'PROCESSING', content = 'x' WHERE id = '${id}'`, refused)
  })

  it('can be rewritten with its own values', async () => {
    const { id, content } = await newJob(ledger)
    await session.query('UPDATE jobs SET content = $1, preset = NULL WHERE id = $2', [content, id])
    expect(await historyOf(session, id)).toHaveLength(1)
  })
})

describe('what belongs to a transition', () => {
  it.each([
    ['state_reason', "'another'"],
    ['state_actor', "'another'"],
    ['state_metadata', `'{"another": true}'`],
    ['started_at', 'now()'],
    ['completed_at', 'now()'],
    ['attempt', '9'],
    ['releases', '1'],
  ])('does not change without one: %s', async (column, value) => {
    const { id } = await jobIn(ledger, 'FAILED')
    await expectRefusal(session, `UPDATE jobs SET ${column} = ${value} WHERE id = '${id}'`, {
      code: 'JL004',
      message: `state_reason, state_actor, state_metadata, started_at, completed_at, attempt and releases of job ${id} change only with its state.`,
    })
  })

  it('takes its times from the database, whatever the statement specifies', async () => {
    const { id } = await newJob(ledger)
    const lie = "'2001-01-01'"
    const { rows } = await session.query<{ now: Date }>('SELECT jobledger.current_instant() AS now')
    for (const state of ['PROCESSING', 'COMPLETED']) {
      await session.query(`UPDATE jobs SET state = '${state}', version = version + 1, started_at = ${lie},
        completed_at = ${lie}, updated_at = ${lie} WHERE id = '${id}'`)
    }
    const { startedAt, completedAt, updatedAt } = await ledger.prisma.job.findUniqueOrThrow({ where: { id } })
    const now = (rows[0] as { now: Date }).now.getTime()
    expect(startedAt?.getTime()).toBeGreaterThanOrEqual(now)
    expect(completedAt?.getTime()).toBeGreaterThanOrEqual(startedAt?.getTime() ?? Number.NaN)
    expect(updatedAt).toEqual(completedAt)
    expect(updatedAt.getTime()).toBeLessThan(now + 60_000)
  })

  it.each(['NULL', "'2001-01-01'", 'now()'])('does not undo or redate a deletion: deleted_at = %s', async (value) => {
    const { id } = await deletedJob(ledger)
    await expectRefusal(session, `UPDATE jobs SET deleted_at = ${value} WHERE id = '${id}'`, {
      code: 'JL004',
      message: `Job ${id} is deleted: deleted_at never changes.`,
    })
  })
})

describe('a result', () => {
  it.each([
    ['id', 'jobledger.uuid_v7()'],
    ['job_id', `'${MISSING_ID}'`],
    ['created_at', "'2001-01-01'"],
  ])('keeps its %s', async (column, value) => {
    const { id } = await newJob(ledger)
    await setJobResult(ledger, { jobId: id, actor: 'user:ada', status: 'SUCCESS' })
    await expectRefusal(session, `UPDATE job_results SET ${column} = ${value} WHERE job_id = '${id}'`, {
      code: 'JL004',
      message: `id, job_id and created_at of the result of job ${id} never change.`,
    })
  })

  it('takes its times from the database', async () => {
    const { id } = await newJob(ledger)
    await session.query(`INSERT INTO job_results (job_id, status, created_at, updated_at)
      VALUES ('${id}', 'success', '2001-01-01', '2031-01-01')`)
    const first = await ledger.prisma.jobResult.findUniqueOrThrow({ where: { jobId: id } })
    expect(first.updatedAt).toEqual(first.createdAt)
    expect(Math.abs(first.createdAt.getTime() - Date.now())).toBeLessThan(60_000)
    await session.query(`UPDATE job_results SET status = 'error', updated_at = '2001-01-01' WHERE job_id = '${id}'`)
    const second = await ledger.prisma.jobResult.findUniqueOrThrow({ where: { jobId: id } })
    expect(second).toMatchObject({ status: 'ERROR', createdAt: first.createdAt })
    expect(second.updatedAt.getTime()).toBeGreaterThanOrEqual(first.updatedAt.getTime())
  })

  it('belongs to an existing job, which has only one', async () => {
    await expectRefusal(session, `INSERT INTO job_results (job_id, status) VALUES ('${MISSING_ID}', 'success')`, {
      code: '23503',
      constraint: 'fk_job_results_job_id',
    })
    const { id } = await newJob(ledger)
    await setJobResult(ledger, { jobId: id, actor: 'user:ada', status: 'SUCCESS' })
    await expectRefusal(session, `INSERT INTO job_results (job_id, status) VALUES ('${id}', 'error')`, {
      code: '23505',
      constraint: 'ix_job_results_job_id',
    })
  })
})
