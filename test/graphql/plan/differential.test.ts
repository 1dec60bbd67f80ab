// One meaning: plans answer as the executor does, byte for byte.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { QueryPlans } from '../../../src/graphql/plan/plan.ts'
import { type Differential, startDifferential } from '../../support/differential.ts'

let differential: Differential
let session: pg.Client

beforeAll(async () => {
  differential = await startDifferential()
  session = new pg.Client({ connectionString: differential.databaseUrl })
  await session.connect()
})
afterAll(async () => {
  await session?.end()
  await differential?.close()
})
const INSTANTS = [
  '2026-11-28 10:00:00+00',
  '2026-11-28 10:00:00.5+00',
  '0033-01-01 00:00:00.25+00',
  '12345-01-01 00:00:00+00',
  '0044-03-15 00:00:00+00 BC',
  'infinity',
  '-infinity',
]

/** How many of the queries of `work` plans answered. */
async function plannedIn(work: () => Promise<unknown>): Promise<number> {
  const answers = vi.spyOn(QueryPlans.prototype, 'answer')
  await work()
  const planned = answers.mock.settledResults.filter(({ value }) => value !== undefined).length
  answers.mockRestore()
  return planned
}

describe('plans', () => {
  it('answer random queries of each role as the executor does', async () => {
    const planned = await plannedIn(() => differential.compareRandom(1600, 20261128))
    // The others have arguments that are refused.
    expect(planned).toBeGreaterThan(500)
  }, 120_000)

  it('write stored JSON that JavaScript cannot represent as the executor does', async () => {
    const { data } = await differential.compare('query ($id: ID!) { job(id: $id) { result { output } } }', {
      id: differential.jobIds[2],
    })
    expect(data.job.result.output).toMatchObject({ zero: 1, tiny: 1e-7 })
  })

  it('write instants as the executor does, if constraints are missing also of other years', async () => {
    const id = differential.jobIds[1]
    await session.query('SET session_replication_role = replica')
    await session.query('ALTER TABLE jobs DROP CONSTRAINT ck_jobs_instants_have_four_digit_years')
    for (const instant of INSTANTS) {
      await session.query('UPDATE jobs SET lease_expires_at = $1 WHERE id = $2', [instant, id])
      await differential.compare('query ($id: ID!) { job(id: $id) { leaseExpiresAt } }', { id })
    }
    await session.query('UPDATE jobs SET lease_expires_at = NULL WHERE id = $1', [id])
    expect.assertions(INSTANTS.length)
  })

  it('leave to the executor what is nested more deeply than their separators reach', async () => {
    const nested = (levels: number): string => (levels === 0 ? 'id' : `result { job { ${nested(levels - 1)} } }`)
    const query = (levels: number) => `query ($id: ID!) { job(id: $id) { ${nested(levels)} } }`
    const id = differential.jobIds[2]
    for (const [levels, planned] of [
      [7, 1],
      [8, 0],
    ] as const) {
      const work = async (): Promise<void> => {
        const { data } = await differential.compare(query(levels), { id })
        expect(data.job.result.job).toBeTruthy()
      }
      expect(await plannedIn(work)).toBe(planned)
    }
  })

  it('leave to the executor documents whose fragments would make plans too large', async () => {
    const spreads = Array.from({ length: 30 }, (_, index) => `a${index}: jobs(first: 1) { nodes { ...F } }`)
    const query = `{ ${spreads.join(' ')} } fragment F on Job { id jobId userId content preset state version priority attempt
      maxAttempts runAt createdAt updatedAt startedAt completedAt deletedAt stateReason stateActor isTerminal }`
    const planned = await plannedIn(async () => {
      const { data } = await differential.compare(query)
      expect(data.a29.nodes[0].jobId).toBeTruthy()
    })
    expect(planned).toBe(0)
  })

  it('keep a bounded number of variants of a document', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const definitions = names.map((name) => `$${name}: Boolean!`).join(' ')
    const fields = names.map((name) => `${name}: state @include(if: $${name})`).join(' ')
    const query = `query (${definitions}) { jobs(first: 2) { nodes { id ${fields} } } }`
    const planned = await plannedIn(async () => {
      for (let bits = 0; bits < 2 ** names.length; bits += 1) {
        const variables = Object.fromEntries(names.map((name, index) => [name, Boolean(bits & (1 << index))]))
        const { data } = await differential.compare(query, variables)
        expect(Object.keys(data.jobs.nodes[0])).toHaveLength(1 + Object.values(variables).filter(Boolean).length)
      }
    })
    expect(planned).toBe(16)
  })
})
