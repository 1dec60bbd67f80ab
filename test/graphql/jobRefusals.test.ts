// Job.refusals: each kind of refused attempt, by each role, over HTTP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '../../src/access/roles.ts'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { bearer, PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, deletedJob, jobIn, MISSING_ID, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

type Headers = ReturnType<typeof bearer>

let server: TestServer
let asAda: Headers
let asWorker: Headers
let asAuditor: Headers
let asAdmin: Headers

/** For longer than the file takes. */
async function asUser(sub: string, ...roles: Role[]): Promise<Headers> {
  return bearer(await tokenOf(sub, { roles, claims: { exp: Math.floor(Date.now() / 1000) + 3600 } }))
}

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  asAda = await asUser('ada', 'USER')
  asWorker = await asUser('worker', 'WORKER')
  asAuditor = await asUser('auditor', 'AUDITOR')
  asAdmin = await asUser('admin', 'ADMIN')
})
afterAll(() => server.close())

const FIELDS = 'kind actor times attempted from expectedVersion actualVersion message'

async function refusalsOf(jobId: string, headers = asAuditor): Promise<Record<string, unknown>[]> {
  const query = `query ($id: ID!) { job(id: $id) { refusals { nodes { ${FIELDS} } } } }`
  const { data, errors } = await server.request(query, { id: jobId }, headers)
  expect(errors).toBeUndefined()
  return data.job.refusals.nodes
}

/** The refusals of the job, once there are as many as expected. */
async function expectRefusals(jobId: string, expected: object[]): Promise<void> {
  await eventually(async () => {
    const refusals = await refusalsOf(jobId)
    expect(refusals).toEqual(expected.map((one) => expect.objectContaining(one)))
  })
}

const mutate = (field: string, input: string, headers: Headers) =>
  server.request(`mutation { it: ${field}(input: { ${input} }) { __typename } }`, {}, headers)

/** A job that a worker held with version 2 and has lost to a rescue. */
async function lostJob(userId = 'ada'): Promise<Job> {
  const job = await jobIn(server.ledger, 'PROCESSING', { userId })
  return transitionJob(server.ledger, { jobId: job.id, to: 'PENDING', actor: 'system:rescue' })
}

describe('a refused attempt is kept with its facts:', () => {
  it.each<[string, JobState, string, object]>([
    ['transitionJob', 'COMPLETED', 'to: PROCESSING', { attempted: 'PROCESSING', from: 'COMPLETED', actualVersion: 3 }],
    ['completeJob', 'PENDING', '', { attempted: 'COMPLETED', from: 'PENDING', actualVersion: 1 }],
    ['failJob', 'CANCELLED', 'errorMessage: "x"', { attempted: 'FAILED', from: 'CANCELLED', actualVersion: 2 }],
    ['requestJobCancellation', 'FAILED', '', { attempted: 'CANCELLED', from: 'FAILED', actualVersion: 3 }],
  ])('an illegal transition by %s of a %s job', async (field, state, input, facts) => {
    const { id } = await jobIn(server.ledger, state)
    const { data } = await mutate(field, `jobId: "${id}" ${input}`, asWorker)
    expect(data.it.__typename).toBe('IllegalTransition')
    const actor = 'user:worker'
    const message = expect.stringContaining(`Job ${id} is ${state}`)
    const refusal = { kind: 'ILLEGAL_TRANSITION', actor, times: 1, expectedVersion: null, message, ...facts }
    await expectRefusals(id, [refusal])
  })

  it('a version conflict, with both versions', async () => {
    const { id } = await jobIn(server.ledger, 'FAILED')
    await mutate('retryJob', `jobId: "${id}" expectedVersion: 2`, asWorker)
    const versions = { expectedVersion: 2, actualVersion: 3, from: 'FAILED', attempted: 'PENDING' }
    await expectRefusals(id, [{ kind: 'VERSION_CONFLICT', actor: 'user:worker', ...versions }])
  })

  it.each([
    ['completeJob', '', 'COMPLETED'],
    ['failJob', 'errorMessage: "x"', 'FAILED'],
    ['releaseJob', '', 'PENDING'],
    ['transitionJob', 'to: COMPLETED', 'COMPLETED'],
  ])('a late completion: %s by a worker that has lost the job', async (field, input, attempted) => {
    const { id } = await lostJob()
    await mutate(field, `jobId: "${id}" expectedVersion: 2 ${input}`, asWorker)
    const versions = { expectedVersion: 2, actualVersion: 3, from: 'PENDING', attempted }
    await expectRefusals(id, [{ kind: 'LATE_COMPLETION', actor: 'user:worker', ...versions }])
  })

  it('a late extension of a lease, beside those that were extended', async () => {
    const { id } = await lostJob()
    const held = await jobIn(server.ledger, 'PROCESSING')
    const leases = `[{ jobId: "${held.id}", version: 2 }, { jobId: "${id}", version: 2 }]`
    await mutate('extendLeases', `leases: ${leases}`, asWorker)
    await expectRefusals(id, [{ kind: 'LATE_COMPLETION', attempted: null, expectedVersion: 2, actualVersion: null }])
    expect(await refusalsOf(held.id)).toEqual([])
  })

  it('a result for a deleted job', async () => {
    const { id } = await deletedJob(server.ledger)
    await mutate('setJobResult', `jobId: "${id}" status: SUCCESS`, asWorker)
    await expectRefusals(id, [{ kind: 'ILLEGAL_TRANSITION', message: expect.stringContaining('was deleted') }])
  })

  it('each refused item of a batch, and no other', async () => {
    const pending = await newJob(server.ledger)
    const completed = await jobIn(server.ledger, 'COMPLETED')
    const lost = await lostJob()
    const query = 'mutation ($inputs: [TransitionJobInput!]!) { it: transitionJobs(inputs: $inputs) { __typename } }'
    const inputs = [
      { jobId: completed.id, to: 'PENDING' },
      { jobId: MISSING_ID, to: 'PROCESSING' },
      { jobId: pending.id, to: 'PROCESSING' },
      { jobId: lost.id, to: 'FAILED', expectedVersion: 2 },
    ]
    await server.request(query, { inputs }, asWorker)
    await expectRefusals(completed.id, [{ kind: 'ILLEGAL_TRANSITION', attempted: 'PENDING', from: 'COMPLETED' }])
    await expectRefusals(lost.id, [{ kind: 'LATE_COMPLETION', attempted: 'FAILED' }])
    expect(await refusalsOf(pending.id)).toEqual([])
  })
})

describe('an attempt without permission', () => {
  it.each([
    ['transitionJob', 'to: CANCELLED', 'CANCELLED'],
    ['completeJob', 'expectedVersion: 7', 'COMPLETED'],
    ['setJobResult', 'status: SUCCESS', null],
    ['deleteJob', '', 'CANCELLED'],
    ['retryJob', '', 'PENDING'],
  ])('of an AUDITOR is kept: %s', async (field, input, attempted) => {
    const { id } = await newJob(server.ledger)
    const { errors } = await mutate(field, `jobId: "${id}" ${input}`, asAuditor)
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
    const facts = { actor: 'user:auditor', attempted, from: null, actualVersion: null }
    await expectRefusals(id, [{ kind: 'FORBIDDEN', ...facts, message: errors?.[0]?.message }])
  })

  it('is kept for every job of a batch', async () => {
    const [first, second] = [await newJob(server.ledger), await newJob(server.ledger)]
    const leases = `[{ jobId: "${first.id}", version: 1 }, { jobId: "${second.id}", version: 4 }]`
    await mutate('extendLeases', `leases: ${leases}`, asAda)
    await mutate('claimJobs', `workerId: "w" jobIds: ["${first.id}"]`, asAda)
    await expectRefusals(first.id, [{ attempted: 'PROCESSING' }, { attempted: null, expectedVersion: 1 }])
    await expectRefusals(second.id, [{ kind: 'FORBIDDEN', actor: 'user:ada', expectedVersion: 4 }])
  })

  it('of a USER on one item of a batch is kept, and its other items are done', async () => {
    const [mine, started] = [
      await newJob(server.ledger, { userId: 'ada' }),
      await newJob(server.ledger, { userId: 'ada' }),
    ]
    const query = 'mutation ($inputs: [TransitionJobInput!]!) { it: transitionJobs(inputs: $inputs) { __typename } }'
    const inputs = [
      { jobId: mine.id, to: 'CANCELLED' },
      { jobId: started.id, to: 'PROCESSING' },
    ]
    const { data } = await server.request(query, { inputs }, asAda)
    expect(data.it[0].__typename).toBe('TransitionJobSuccess')
    const message = expect.stringContaining('user:ada may not')
    await expectRefusals(started.id, [{ kind: 'FORBIDDEN', attempted: 'PROCESSING', message }])
    expect(await refusalsOf(mine.id)).toEqual([])
  })

  it.each([
    ['transitionJob', 'to: CANCELLED'],
    ['deleteJob', ''],
    ['requestJobCancellation', ''],
    ['retryJob', 'expectedVersion: 1'],
  ])(
    'of a USER on the job of another user is kept, although the answer is that it does not exist: %s',
    async (field, input) => {
      const { id } = await newJob(server.ledger, { userId: 'grace' })
      const { data, errors } = await mutate(field, `jobId: "${id}" ${input}`, asAda)
      expect([errors, data.it.__typename]).toEqual([undefined, expect.stringMatching(/JobNotFound|DeleteJobSuccess/)])
      const message = expect.stringContaining('may change only jobs of the user "ada"')
      await expectRefusals(id, [{ kind: 'FORBIDDEN', actor: 'user:ada', message }])
    },
  )
})

describe('no refusal is kept', () => {
  it('of what is allowed, of jobs that do not exist, and of a worker that has ended its claim itself', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    await completeJob(server.ledger, { jobId: id, actor: 'user:worker', expectedVersion: 2 })
    await mutate('extendLeases', `leases: [{ jobId: "${id}", version: 2 }]`, asWorker)
    await mutate('deleteJob', `jobId: "${MISSING_ID}"`, asAda)
    await mutate('transitionJob', `jobId: "${MISSING_ID}" to: CANCELLED`, asWorker)
    await mutate('transitionJob', `jobId: "nonsense" to: CANCELLED`, asAuditor)
    // Stored after all of these.
    await mutate('completeJob', `jobId: "${id}" expectedVersion: 2`, asWorker)
    await expectRefusals(id, [{ kind: 'VERSION_CONFLICT', expectedVersion: 2, actualVersion: 3 }])
    const { rows } = await server.database.pool.query('SELECT FROM jobledger.refusals WHERE job_id = $1', [MISSING_ID])
    expect(rows).toEqual([])
  })
})

describe('the refusals of a job', () => {
  it('are one for equal attempts within a minute, with their number', async () => {
    const { id } = await jobIn(server.ledger, 'CANCELLED')
    const attempt = () => mutate('completeJob', `jobId: "${id}"`, asWorker)
    for (let time = 0; time < 3; time += 1) await attempt()
    await expectRefusals(id, [{ times: 3 }])
    await attempt()
    await expectRefusals(id, [{ times: 4 }])
    await mutate('completeJob', `jobId: "${id}"`, asAdmin)
    await expectRefusals(id, [
      { actor: 'user:admin', times: 1 },
      { actor: 'user:worker', times: 4 },
    ])
    const older = "UPDATE jobledger.refusals SET timestamp = timestamp - interval '1 minute' WHERE job_id = $1"
    await server.database.pool.query(older, [id])
    await attempt()
    await expectRefusals(id, [{ times: 1 }, { times: 1 }, { times: 4 }])
  })

  it('are for AUDITOR and ADMIN only', async () => {
    const { id } = await newJob(server.ledger, { userId: 'ada' })
    expect(await refusalsOf(id, asAdmin)).toEqual([])
    const query = 'query ($id: ID!) { job(id: $id) { refusals { totalCount } } }'
    for (const headers of [asAda, asWorker]) {
      const { errors } = await server.request(query, { id }, headers)
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' }, path: ['job', 'refusals'] }])
      expect(errors?.[0]?.message).toContain('AUDITOR, ADMIN')
    }
  })

  it('are a connection: pages in both directions, exact, counted if selected', async () => {
    const { id } = await newJob(server.ledger)
    const insert = `INSERT INTO jobledger.refusals (job_id, kind, actor, timestamp, message)
      SELECT $1, 'FORBIDDEN', '${ACTOR}', now() - n / 2 * interval '1 second', n::text FROM generate_series(1, 7) AS n`
    await server.database.pool.query(insert, [id])
    const query = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { job(id: $id) {
      refusals(first: $first, after: $after, last: $last, before: $before) {
        totalCount edges { cursor node { message timestamp } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`
    const pageAt = async (args: object) => {
      const { data, errors } = await server.request(query, { id, ...args }, asAuditor)
      expect(errors).toBeUndefined()
      const { edges, pageInfo, totalCount } = data.job.refusals
      expect(totalCount).toBe(7)
      return { ...pageInfo, messages: edges.map(({ node }: { node: { message: string } }) => node.message) }
    }
    const all = (await pageAt({ first: 100 })).messages
    expect(all.slice(-1)).toEqual(expect.arrayContaining([expect.stringMatching(/^[67]$/)]))
    const seen: string[] = []
    for (let after: string | null = null, more = true; more; ) {
      const page = await pageAt({ first: 3, after })
      expect(page.hasPreviousPage).toBe(after !== null)
      seen.push(...page.messages)
      after = page.endCursor
      more = page.hasNextPage
    }
    expect(seen).toEqual(all)
    const last = await pageAt({ last: 2 })
    expect([last.messages, last.hasPreviousPage, last.hasNextPage]).toEqual([all.slice(-2), true, false])
    const before = await pageAt({ last: 2, before: last.startCursor })
    expect(before.messages).toEqual(all.slice(-4, -2))
    const { errors } = await server.request(query, { id, first: 101 }, asAuditor)
    expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT')
  })
})
