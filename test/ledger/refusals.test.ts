// Stores and removes refused attempts: bounded, and only those of existing jobs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_ROWS_PER_JOB, type RepeatedRefusal, removeRefusals, storeRefusals } from '../../src/ledger/refusals.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})
afterAll(() => ledger.close())

function refusal(jobId: string, facts: Partial<RepeatedRefusal> = {}): RepeatedRefusal {
  const versions = { expectedVersion: 1, actualVersion: 2 }
  const states = { attempted: 'COMPLETED', from: 'PENDING' } as const
  return {
    jobId,
    kind: 'VERSION_CONFLICT',
    actor: 'a',
    ...states,
    ...versions,
    message: 'm',
    times: 1,
    ageMs: 0,
    ...facts,
  }
}

interface Row {
  readonly kind: string
  readonly actor: string
  readonly expected_version: number
  readonly times: number
}

async function rowsOf(jobId: string): Promise<Row[]> {
  const sql = 'SELECT * FROM jobledger.refusals WHERE job_id = $1 ORDER BY timestamp, id'
  return (await ledger.database.pool.query<Row>(sql, [jobId])).rows
}

describe('storing refusals', () => {
  it('leaves out attempts on jobs that do not exist, and on jobs of the user itself', async () => {
    const { id } = await newJob(ledger, { userId: 'ada' })
    await storeRefusals(ledger, [
      refusal(MISSING_ID),
      refusal(id, { notOwnedBy: 'ada' }),
      refusal(id, { actor: 'b', notOwnedBy: 'b' }),
    ])
    expect(await rowsOf(id)).toMatchObject([{ actor: 'b' }])
    expect(await rowsOf(MISSING_ID)).toEqual([])
  })

  it('counts equal attempts within a minute on one row, and others on rows of their own', async () => {
    const { id } = await newJob(ledger)
    await storeRefusals(ledger, [refusal(id, { times: 2 }), refusal(id, { expectedVersion: null })])
    await storeRefusals(ledger, [refusal(id, { times: 2_000_000_000 }), refusal(id, { ageMs: -61_000 })])
    expect(await rowsOf(id)).toMatchObject([
      { expected_version: 1, times: 2_000_000_002 },
      { expected_version: null, times: 1 },
      { expected_version: 1, times: 1 },
    ])
    await storeRefusals(ledger, [refusal(id, { times: 2_000_000_000 })])
    expect((await rowsOf(id)).at(-1)).toMatchObject({ times: 2_000_000_001 })
  })

  it('does not call an attempt late whose version the job never had', async () => {
    const { id } = await newJob(ledger)
    const late = { kind: 'LATE_COMPLETION', attempted: null, actualVersion: null, isLease: true } as const
    await storeRefusals(ledger, [refusal(id, { ...late, expectedVersion: 1 })])
    await transitionJob(ledger, { jobId: id, to: 'PROCESSING', actor: 'other' })
    await storeRefusals(ledger, [refusal(id, { ...late, expectedVersion: 1 })])
    expect((await rowsOf(id)).map(({ kind }) => kind)).toEqual(['VERSION_CONFLICT', 'LATE_COMPLETION'])
  })

  it('stores a limited number of rows per job, and counts on the latest of them beyond it', async () => {
    const { id } = await newJob(ledger)
    const versions = Array.from({ length: MAX_ROWS_PER_JOB }, (_, index) =>
      refusal(id, { expectedVersion: index + 10 }),
    )
    await storeRefusals(ledger, versions)
    await storeRefusals(ledger, [refusal(id, { expectedVersion: 5, times: 3 }), refusal(id, { expectedVersion: 6 })])
    await storeRefusals(ledger, [refusal(id, { actor: 'b', expectedVersion: 5 })])
    const rows = await rowsOf(id)
    expect(rows).toHaveLength(MAX_ROWS_PER_JOB + 1)
    expect(rows.filter(({ times }) => times > 1)).toMatchObject([{ actor: 'a', times: 5 }])
    expect(rows.at(-1)).toMatchObject({ actor: 'b', times: 1 })
  })
})

describe('removing refusals', () => {
  it('removes those that are old enough, oldest first, up to a maximum', async () => {
    const { id } = await newJob(ledger)
    const days = (count: number): number => count * 86_400_000
    await storeRefusals(
      ledger,
      [1, 29, 31, 40, 50].map((age) => refusal(id, { expectedVersion: age, ageMs: days(age) })),
    )
    expect(await removeRefusals(ledger, { days: 30, max: 2 })).toHaveLength(2)
    expect((await rowsOf(id)).map(({ expected_version }) => expected_version)).toEqual([31, 29, 1])
    expect(await removeRefusals(ledger, { days: 30, max: 2 })).toHaveLength(1)
    expect((await rowsOf(id)).map(({ expected_version }) => expected_version)).toEqual([29, 1])
  })
})
