// Rows read without Prisma equal those of Prisma, for any selection of columns and relations, with
// values of the same types.
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Prisma } from '../../src/database/generated/client.ts'
import type { Select } from '../../src/database/rows/selectList.ts'
import { JOB_STATES, JOBS, type Table } from '../../src/database/rows/tables.ts'
import { claimJobs } from '../../src/ledger/claimJobs.ts'
import { createJob } from '../../src/ledger/createJob.ts'
import { completeJob, failJob } from '../../src/ledger/finishJob.ts'
import { changeJobs } from '../../src/ledger/returnedJob.ts'
import { ACTOR, deletedJob, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger

const ODD_JSON =
  '{"__proto__": {"a": [1.50, -1e-7, null]}, "$type": "Json", "": "\\u00e9\\u2028\\u0001\\"\\\\", "n": 12345678901234567890}'

beforeAll(async () => {
  ledger = await openTestLedger()
  await newJob(ledger, {
    metadata: JSON.parse('{"__proto__": {"constructor": null}}'),
    runAt: new Date('9999-12-31T23:59:59.999Z'),
  })
  await newJob(ledger, { idempotencyKey: 'k', preset: '\u{1F600} "\\\n\u0001', priority: -1000, maxAttempts: 3 })
  await claimJobs(ledger, { workerId: 'w', actor: ACTOR, leaseSeconds: 60 })
  await deletedJob(ledger)
  const outcomes = [
    await jobIn(ledger, 'PROCESSING'),
    await jobIn(ledger, 'PROCESSING'),
    await jobIn(ledger, 'PROCESSING'),
  ]
  const [completed, failed, timedOut] = outcomes.map(({ id }) => id) as [string, string, string]
  await completeJob(ledger, { jobId: completed, actor: ACTOR, output: ['a', 1], processingTimeMs: 2 ** 31 - 1 })
  await failJob(ledger, { jobId: failed, actor: ACTOR, errorMessage: 'e', metadata: { a: 1 } })
  await failJob(ledger, { jobId: timedOut, actor: ACTOR, errorMessage: 'e', timedOut: true })
  await editAsPsqlDoes(completed, failed, timedOut)
})

afterAll(() => ledger.close())

/** Values that the ledger itself never writes. */
async function editAsPsqlDoes(completed: string, failed: string, timedOut: string): Promise<void> {
  const session = await ledger.session()
  await session.query("SET session_replication_role = 'replica'")
  await session.query('UPDATE job_results SET output = $2::jsonb WHERE job_id = $1', [completed, ODD_JSON])
  await session.query("UPDATE job_results SET output = 'null', created_at = '-infinity' WHERE job_id = $1", [failed])
  await session.query(
    "UPDATE job_results SET created_at = '0050-01-02 03:04:05.6Z', updated_at = 'infinity' WHERE job_id = $1",
    [timedOut],
  )
  await session.query(
    "UPDATE jobs SET run_at = '9999-12-31 23:59:59.999Z', cancel_requested_at = '-infinity', cancel_requested_by = '', cancel_reason = '' WHERE id = $1",
    [failed],
  )
  await session.query(
    "UPDATE job_states SET timestamp = '0044-03-15 BC', previous_state_duration_ms = 9223372036854775807 WHERE job_id = $1 AND sequence > 1",
    [failed],
  )
}

/** Each value with its type, independent of the order of keys. */
const textOf = (rows: unknown): string => inspect(rows, { depth: null, sorted: true, maxArrayLength: null })

const columnsOf = ({ columns }: Table) => Object.keys(columns)

/** A random selection of columns and relations at any depth. Never empty. */
function selectOf(columns: string[], relations: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Select> {
  const chosen = fc.subarray(columns).map((fields) => Object.fromEntries(fields.map((field) => [field, true])))
  return fc
    .tuple(chosen, fc.record(relations, { requiredKeys: [] }))
    .map(([fields, related]) => ({ ...fields, ...related }))
    .filter((select) => Object.keys(select).length > 0)
}

const sequence = fc.option(fc.nat({ max: 4 }), { nil: undefined })
const RESULT_COLUMNS = ['id', 'jobId', 'status', 'output', 'errorMessage', 'processingTimeMs', 'createdAt', 'updatedAt']

const { job, record } = fc.letrec<{ job: Select; record: Select; result: Select }>((tie) => {
  const one = (name: 'job' | 'result') => fc.oneof({ maxDepth: 4 }, fc.constant(true), fc.record({ select: tie(name) }))
  const states = fc.record({
    select: fc.oneof({ maxDepth: 4 }, fc.constant(undefined), tie('record') as fc.Arbitrary<Select | undefined>),
    where: fc.record({ sequence: fc.record({ gt: sequence, lt: sequence }) }),
    orderBy: fc.record({ sequence: fc.constantFrom('asc', 'desc') }),
    take: fc.nat({ max: 3 }),
  })
  return {
    job: selectOf(columnsOf(JOBS), { states, result: one('result') }),
    record: selectOf(columnsOf(JOB_STATES), { job: one('job') }),
    result: selectOf(RESULT_COLUMNS, { job: one('job') }),
  }
})

describe('a row that is read without Prisma', () => {
  const everything = Prisma.sql`true`

  it('equals the job that Prisma reads', async () => {
    const read = (select: Select | undefined) =>
      ledger.sql.read(JOBS, { select, where: everything, orderBy: Prisma.sql`jobs.id` })
    const expected = (select: Select | undefined) =>
      ledger.prisma.job.findMany({ ...(select && { select }), orderBy: { id: 'asc' } })
    expect(textOf(await read(undefined))).toBe(textOf(await expected(undefined)))
    await fc.assert(
      fc.asyncProperty(job, async (select) => {
        expect(textOf(await read(select))).toBe(textOf(await expected(select)))
      }),
      { numRuns: 60 },
    )
  })

  it('equals the record that Prisma reads', async () => {
    const read = (select: Select | undefined) =>
      ledger.sql.read(JOB_STATES, { select, where: everything, orderBy: Prisma.sql`job_states.id` })
    const expected = (select: Select | undefined) =>
      ledger.prisma.jobStateRecord.findMany({ ...(select && { select }), orderBy: { id: 'asc' } })
    expect(textOf(await read(undefined))).toBe(textOf(await expected(undefined)))
    await fc.assert(
      fc.asyncProperty(record, async (select) => {
        expect(textOf(await read(select))).toBe(textOf(await expected(select)))
      }),
      { numRuns: 60 },
    )
  })

  it('equals the result of a hand-written statement', async () => {
    const changes = Prisma.sql`WITH changed AS (SELECT * FROM jobs)`
    const rows = await changeJobs(ledger, { changes, orderBy: Prisma.sql`changed.id` }, {})
    expect(textOf(rows)).toBe(textOf(await ledger.prisma.job.findMany({ orderBy: { id: 'asc' } })))
  })

  it('has its relations at any depth, even if their joined names exceed the limit of PostgreSQL', async () => {
    const deep = (depth: number): Select => ({
      sequence: true,
      job: {
        select: {
          id: true,
          result: {
            select: {
              status: true,
              ...(depth > 0 && {
                job: { select: { state: true, states: { select: deep(depth - 1), orderBy: { sequence: 'asc' } } } },
              }),
            },
          },
        },
      },
    })
    const select = deep(3)
    const rows = await ledger.sql.read(JOB_STATES, { select, where: everything, orderBy: Prisma.sql`job_states.id` })
    const expected = await ledger.prisma.jobStateRecord.findMany({ select, orderBy: { id: 'asc' } })
    expect(textOf(rows)).toBe(textOf(expected))
  })
})

describe('with any default settings of the database', () => {
  it('reads dates and bytes', async () => {
    const own = await openTestLedger()
    const session = await own.session()
    const {
      rows: [{ name }],
    } = await session.query('SELECT current_database() AS name')
    await session.query(`ALTER DATABASE ${name} SET datestyle TO 'SQL, DMY'`)
    await session.query(`ALTER DATABASE ${name} SET bytea_output TO escape`)
    const { job: created } = await createJob(own, { userId: 'u', content: 'c', idempotencyKey: 'k' }, ACTOR)
    const [read] = await own.sql.read<typeof created>(JOBS, { where: Prisma.sql`true` })
    expect(created.requestHash).toHaveLength(32)
    expect(created.createdAt.getTime()).toBeGreaterThan(0)
    expect(textOf(read)).toBe(textOf(created))
    await own.close()
  })
})

describe('statements', () => {
  it('are prepared however many nested page sizes clients have requested', async () => {
    const own = await openTestLedger({ connections: 1 })
    const where = Prisma.sql`false`
    for (let take = 0; take <= 500; take += 1) await own.sql.read(JOBS, { select: { states: { take } }, where })
    await own.sql.query(Prisma.sql`SELECT 1 AS of_ours`)
    await own.prisma.job.findFirst({ where: { content: 'of Prisma' } })
    const { rows } = await own.database.pool.query<{ statement: string }>(
      'SELECT statement FROM pg_prepared_statements',
    )
    const texts = rows.map(({ statement }) => statement)
    expect(texts.filter((text) => text.includes('job_states'))).toHaveLength(500)
    expect(texts.filter((text) => /of_ours|"content" =/.test(text))).toHaveLength(2)
    await own.close()
  })
})
