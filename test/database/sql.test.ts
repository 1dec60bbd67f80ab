// Hand-written SQL: the rows of Prisma Client's raw queries, and the errors of PostgreSQL.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Prisma } from '../../src/database/generated/client.ts'
import { sqlStateOf } from '../../src/database/sqlErrors.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { inSnapshot } from '../support/snapshot.ts'

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})
afterAll(() => ledger.close())

describe('sql.query', () => {
  it('returns the rows that Prisma Client returns', async () => {
    const values = [true, 7, 2n ** 62n, 0.1, "it's", new Date('0050-01-02T03:04:05.678Z'), ['a', 'b,"']] as const
    const [yes, int, bigint, double, text, instant, list] = values
    const statement = Prisma.sql`
      SELECT ${yes}::boolean AS yes, ${int}::integer AS int, ${bigint}::bigint AS bigint, ${double}::double precision AS double,
        ${text}::text AS text, ${instant}::timestamptz AS instant, cardinality(${[...list]}::text[]) AS size, NULL::integer AS nothing,
        '{"a": [1, null]}'::jsonb AS json, '00000000-0000-7000-8000-000000000000'::uuid AS uuid, 'FAILED'::job_state::text AS state`
    const rows = await ledger.sql.query(statement)
    expect(rows).toEqual([
      expect.objectContaining({
        yes,
        int,
        bigint,
        double,
        text,
        instant,
        size: 2,
        nothing: null,
        json: { a: [1, null] },
      }),
    ])
    expect(rows).toEqual(await ledger.prisma.$queryRaw(statement))
  })

  it('sends the values of a tagged template as parameters', async () => {
    const odd = "'; DROP TABLE jobs; --"
    const part = Prisma.sql`${odd}::text AS odd`
    expect(await ledger.sql.query`SELECT ${part}, ${1}::integer AS one`).toEqual([{ odd, one: 1 }])
  })

  it('throws an error with the SQLSTATE of PostgreSQL', async () => {
    const failure = ledger.sql.query`SELECT 1 / ${0}::integer`.catch(sqlStateOf)
    expect(await failure).toBe('22012')
  })
})

describe('sql.execute', () => {
  it('returns the number of rows that the statement wrote', async () => {
    const content = 'to be counted'
    await Promise.all([newJob(ledger, { content }), newJob(ledger, { content })])
    const raise = Prisma.sql`UPDATE jobs SET state = 'PROCESSING' WHERE content = ${content} AND state = 'PENDING'`
    expect([await ledger.sql.execute(raise), await ledger.sql.execute(raise)]).toEqual([2, 0])
  })
})

describe('openSql on a connection', () => {
  it('runs statements in the open transaction of the connection', async () => {
    await inSnapshot(ledger, async ({ sql }) => {
      const count = () => sql.query<{ n: number }>`SELECT count(*)::integer AS n FROM jobs`
      const before = await count()
      await newJob(ledger)
      expect(await count()).toEqual(before)
    })
  })
})
