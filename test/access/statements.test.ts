// The number of SQL statements of a mutation, by role: callers limited to their own jobs need no
// more than others.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCESS, ROLES } from '../../src/access/roles.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { jobIn, MISSING_ID } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'
import { ask } from './roleTable/ask.ts'
import { JOB_SAMPLES } from './roleTable/jobSamples.ts'
import type { Sample, Target } from './roleTable/sample.ts'
import { WORK_SAMPLES } from './roleTable/workSamples.ts'

let server: TestServer
let log: StatementLog

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  log = logStatements(server)
})
afterAll(() => server.close())

/** Excluded: they run in batches, or read back what they wrote. */
const OTHERS = ['Mutation.cleanupJobs', 'Mutation.rescueStuckJobs', 'Mutation.setJobResult']

const cells = Object.entries({ ...JOB_SAMPLES, ...WORK_SAMPLES })
  .filter(([field]) => field.startsWith('Mutation.') && !OTHERS.includes(field))
  .flatMap(([field, samples]) =>
    samples.flatMap((sample) => ROLES.map((role) => ({ field, sample, role, scope: ACCESS[sample.operation][role] }))),
  )
  .filter(({ scope }) => scope !== 'none')

async function run(sample: Sample, target: Target, headers: { authorization: string }) {
  let answer: Awaited<ReturnType<typeof ask>> = {}
  const statements = await log.during(async () => {
    answer = await ask(server, sample, target, headers)
  })
  expect(answer.errors).toBeUndefined()
  return { reached: sample.reached(answer.data.it, target), statements }
}

describe('one statement', () => {
  it.each(cells)('is enough for $field as $role to $sample.operation', async ({ sample, role }) => {
    const { id: jobId } = await jobIn(server.ledger, sample.state, { userId: 'ada' })
    const { reached, statements } = await run(sample, { jobId, owner: 'ada' }, await asUser('ada', role))
    expect(reached).toBe(true)
    expect(statements).toHaveLength(1)
  })
})

describe('a job of another user', () => {
  it.each(cells.filter(({ scope, sample }) => scope === 'own' && sample.operation !== 'jobs:create'))(
    'is refused to $role with the same statements as a missing one: $field to $sample.operation',
    async ({ sample, role }) => {
      const { id: jobId } = await jobIn(server.ledger, sample.state, { userId: 'ada' })
      const headers = await asUser('mallory', role)
      const foreign = await run(sample, { jobId, owner: 'ada' }, headers)
      const missing = await run(sample, { jobId: MISSING_ID, owner: 'ada' }, headers)
      expect(foreign).toEqual(missing)
      expect(foreign.reached).toBe(false)
      expect(foreign.statements.join()).toContain('user_id')
    },
  )
})
