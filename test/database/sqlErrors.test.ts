// Error codes of PostgreSQL: how to find them in errors, and which statements run again.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { retryConflicts, sqlStateOf } from '../../src/database/sqlErrors.ts'
import { jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { historyOf } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(() => ledger.close())

const raising = (code: string) => `DO $$ BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = '${code}'; END $$`
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('did not fail'),
    (error: unknown) => error,
  )

describe('sqlStateOf', () => {
  it.each(['JL001', '23514', '40001', '40P01', '57014', '22P02', 'P0001'])(
    'finds %s in what a raw statement of Prisma, and pg, throw',
    async (code) => {
      expect(sqlStateOf(await errorOf(ledger.prisma.$executeRawUnsafe(raising(code))))).toBe(code)
      expect(sqlStateOf(await errorOf(session.query(raising(code))))).toBe(code)
    },
  )

  it('finds the code of a guard in what a typed operation of Prisma throws', async () => {
    const { id } = await jobIn(ledger, 'COMPLETED')
    const update = (data: object) => errorOf(ledger.prisma.job.update({ where: { id }, data }))
    expect(sqlStateOf(await update({ state: 'PENDING' }))).toBe('JL001')
    expect(sqlStateOf(await update({ content: 'other' }))).toBe('JL004')
    expect(sqlStateOf(await errorOf(ledger.prisma.job.delete({ where: { id } })))).toBe('JL005')
  })

  it('finds none in an error without a code', async () => {
    const missing = await errorOf(ledger.prisma.job.findUniqueOrThrow({ where: { id: MISSING_ID } }))
    expect(missing).toMatchObject({ code: 'P2025' })
    for (const error of [missing, new Error('plain'), { code: 7 }, { code: 'ECONNREFUSED' }, 'text', null, undefined]) {
      expect(sqlStateOf(error)).toBeUndefined()
    }
  })
})

describe('retryConflicts', () => {
  /** Fails with `error` this many times, then succeeds. */
  const failing = (times: number, fail: () => Promise<unknown>) => {
    const calls = { count: 0 }
    const run = async () => {
      calls.count += 1
      if (calls.count <= times) await fail()
      return 'done'
    }
    return { calls, run }
  }

  it.each(['40001', '40P01'])('runs a statement again that lost with %s, until it wins', async (code) => {
    const { calls, run } = failing(4, () => ledger.prisma.$executeRawUnsafe(raising(code)))
    expect(await retryConflicts(run)).toBe('done')
    expect(calls.count).toBe(5)
  })

  it('stops after five attempts and throws the error of the statement', async () => {
    const { calls, run } = failing(9, () => ledger.prisma.$executeRawUnsafe(raising('40P01')))
    expect(sqlStateOf(await errorOf(retryConflicts(run)))).toBe('40P01')
    expect(calls.count).toBe(5)
  })

  it.each(['JL001', '23505', '57014'])('does not run a statement again that failed with %s', async (code) => {
    const { calls, run } = failing(1, () => ledger.prisma.$executeRawUnsafe(raising(code)))
    expect(sqlStateOf(await errorOf(retryConflicts(run)))).toBe(code)
    expect(calls.count).toBe(1)
  })

  it('runs the loser of a real deadlock again, and both win', async () => {
    const [a, b] = [await newJob(ledger), await newJob(ledger)]
    const cancel = (...ids: string[]) =>
      retryConflicts(() =>
        ledger.prisma.$executeRawUnsafe(
          `DO $$ BEGIN ${ids.map((id) => `UPDATE jobs SET state = 'CANCELLED' WHERE id = '${id}' AND state = 'PENDING'; PERFORM pg_sleep(0.2);`).join(' ')} END $$`,
        ),
      )
    await Promise.all([cancel(a.id, b.id), cancel(b.id, a.id)])
    for (const { id } of [a, b]) expect(await historyOf(session, id)).toHaveLength(2)
  })

  it('recognises the deadlock of a typed operation of Prisma, which hides its code', async () => {
    const { id } = await newJob(ledger)
    await session.query(`CREATE FUNCTION public.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('public.losses') <= 2 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF;
        RETURN NEW; END $$;
      CREATE SEQUENCE public.losses;
      CREATE TRIGGER lose BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION public.lose()`)
    const job = await retryConflicts(() => ledger.prisma.job.update({ where: { id }, data: { state: 'PROCESSING' } }))
    await session.query('DROP FUNCTION public.lose CASCADE; DROP SEQUENCE public.losses')
    expect(job).toMatchObject({ state: 'PROCESSING', version: 2 })
  })
})
