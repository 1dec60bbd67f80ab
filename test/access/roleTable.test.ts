// The role table, cell by cell, over HTTP: each role with each field of each operation, on an own
// job and on another user's.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCESS, OPERATIONS, ROLES, type Role } from '../../src/access/roles.ts'
import { FIELD_OPERATIONS } from '../../src/graphql/accessRules.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { jobIn } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { ask } from './roleTable/ask.ts'
import { BULK_SAMPLES } from './roleTable/bulkSamples.ts'
import { EVENT_SAMPLES } from './roleTable/eventSamples.ts'
import { JOB_SAMPLES } from './roleTable/jobSamples.ts'
import type { Sample } from './roleTable/sample.ts'
import { WORK_SAMPLES } from './roleTable/workSamples.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
})
afterAll(() => server.close())

type Outcome = 'done' | 'absent' | 'forbidden'

/** Samples of each field for each of its operations. */
const SAMPLES: Record<string, Sample[]> = { ...JOB_SAMPLES, ...WORK_SAMPLES, ...EVENT_SAMPLES, ...BULK_SAMPLES }

let users = 0

/** Runs `sample` as a caller with these roles. */
async function outcome(sample: Sample, roles: readonly Role[], whose: 'own' | 'other'): Promise<Outcome> {
  users += 1
  const caller = `caller-${users}`
  const owner = whose === 'own' ? caller : `other-${users}`
  const { id } = await jobIn(server.ledger, sample.state, { userId: owner })
  const before = await history(id)
  const target = { jobId: id, owner }
  const { data, errors } = await ask(server, sample, target, await asUser(caller, ...roles))
  if (errors === undefined) return sample.reached(data.it, target) ? 'done' : unchanged(id, before)
  expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  expect(data?.it ?? null).toBe(null)
  return (await unchanged(id, before)) && 'forbidden'
}

const history = (jobId: string): Promise<number> => server.ledger.prisma.jobStateRecord.count({ where: { jobId } })

async function unchanged(jobId: string, before: number): Promise<'absent'> {
  expect(await history(jobId)).toBe(before)
  return 'absent'
}

function expected({ operation, below }: Sample, roles: readonly Role[], whose: 'own' | 'other'): Outcome {
  if (below !== undefined && whose === 'other' && roles.every((role) => ACCESS[below][role] === 'own')) return 'absent'
  const scopes = roles.map((role) => ACCESS[operation][role])
  if (scopes.every((scope) => scope === 'none')) return 'forbidden'
  if (scopes.includes('any') || whose === 'own') return 'done'
  // What does not exist yet cannot be absent.
  return operation === 'jobs:create' ? 'forbidden' : 'absent'
}

const cells = Object.entries(SAMPLES).flatMap(([field, samples]) =>
  samples.flatMap((sample) =>
    ROLES.flatMap((role) => (['own', 'other'] as const).map((whose) => ({ field, sample, role, whose }))),
  ),
)

const PAIRS = ROLES.flatMap((one, index) => ROLES.slice(index + 1).map((other): [Role, Role] => [one, other]))

/** One sample of each row of the table. */
const REPRESENTATIVES = OPERATIONS.map(
  (operation) => cells.find(({ sample }) => sample.operation === operation)?.sample as Sample,
)

describe('a caller', () => {
  it.each(cells)('$role, $sample.operation, $whose: $field', async ({ sample, role, whose }) => {
    expect(await outcome(sample, [role], whose)).toBe(expected(sample, [role], whose))
  })

  it.each(cells.filter(({ role, whose }) => role === 'ADMIN' && whose === 'own'))(
    'without a role may not $sample.operation: $field',
    async ({ sample }) => {
      expect(await outcome(sample, [], 'own')).toBe('forbidden')
    },
  )

  it.each(PAIRS)(
    'with the roles %s and %s may do what either of them allows, within the scope of that role',
    async (...pair) => {
      for (const sample of REPRESENTATIVES) {
        for (const whose of ['own', 'other'] as const) {
          const name = `${sample.operation}, ${whose}`
          expect(await outcome(sample, pair, whose), name).toBe(expected(sample, pair, whose))
        }
      }
    },
  )
})

describe('a USER that moves an own job to PENDING', () => {
  it('retries it, and is refused if the job is not FAILED', async () => {
    const query = `mutation ($id: ID!) { it: transitionJob(input: { jobId: $id, to: PENDING }) {
      __typename ... on VersionConflict { expectedState actualState } } }`
    const headers = await asUser('retrier', 'USER')
    const processing = await jobIn(server.ledger, 'PROCESSING', { userId: 'retrier' })
    const refused = await server.request(query, { id: processing.id }, headers)
    expect(refused.data.it).toEqual({
      __typename: 'VersionConflict',
      expectedState: 'FAILED',
      actualState: 'PROCESSING',
    })
    const failed = await jobIn(server.ledger, 'FAILED', { userId: 'retrier' })
    expect((await server.request(query, { id: failed.id }, headers)).data.it.__typename).toBe('TransitionJobSuccess')
  })
})

describe('the table', () => {
  it('has a sample for every cell', () => {
    const tried = Object.values(SAMPLES).flatMap((samples) => samples.map(({ operation }) => operation))
    expect([...new Set(tried)].sort()).toEqual([...OPERATIONS].sort())
    const fields = Object.entries(SAMPLES).map(([field, samples]) => [
      field,
      new Set(samples.map((one) => one.operation)),
    ])
    const rules = Object.entries(FIELD_OPERATIONS).map(([field, operations]) => [field, new Set(operations)])
    expect(Object.fromEntries(fields)).toEqual(Object.fromEntries(rules))
  })

  it('is the one in docs/security.md', () => {
    const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')
    const words = { none: '', own: 'own', any: 'all' }
    const rows = OPERATIONS.map(
      (operation) =>
        `| ${[ACCESS[operation].label, ...ROLES.map((role) => words[ACCESS[operation][role]])].join(' | ')} |`,
    )
    expect(page).toContain([`| | ${ROLES.join(' | ')} |`, '|---|---|---|---|---|', ...rows].join('\n'))
  })
})
