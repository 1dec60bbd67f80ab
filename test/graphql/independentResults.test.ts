// The result of a mutation or of an item in a batch does not depend on the others.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { jobIn, MISSING_ID, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED, headers: await asUser('ada', 'ADMIN') })
})
afterAll(() => server.close())

const REFUSED = '__typename ... on JobNotFound { jobId } ... on InvalidInput { issues { path message } }'

describe('mutations of one document', () => {
  const CREATE = 'a: createJob(input: { content: "kept" }) { ... on CreateJobSuccess { created job { jobId } } }'

  async function contentOf(jobId: string): Promise<string | undefined> {
    return (await server.ledger.prisma.job.findUnique({ where: { id: jobId } }))?.content
  }

  it('keep the result of a committed mutation when the next one has a malformed job id', async () => {
    const { data, errors } = await server.request(
      `mutation { ${CREATE} b: retryJob(input: { jobId: "garbage" }) { ${REFUSED} } }`,
    )
    expect(errors).toBeUndefined()
    expect(data.a.created).toBe(true)
    expect(await contentOf(data.a.job.jobId)).toBe('kept')
    expect(data.b.__typename).toBe('InvalidInput')
  })

  it('keep the result of a committed mutation when the next one fails', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    const { database } = server
    await database.pool.query('ALTER TABLE job_results RENAME TO elsewhere')
    const { data, errors } = await server
      .request(`mutation ($id: ID!) { ${CREATE} b: completeJob(input: { jobId: $id }) { __typename } }`, { id })
      .finally(() => database.pool.query('ALTER TABLE elsewhere RENAME TO job_results'))
    expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'UNAVAILABLE' } }])
    expect(data.b).toBeNull()
    expect(await contentOf(data.a.job.jobId)).toBe('kept')
  })
})

/** Every mutation on one job, and its input in addition to the id. */
const ONE_JOB: [operation: string, input: string, path: string[]][] = [
  ['transitionJob', 'jobId: $id, to: PROCESSING', ['jobId']],
  ['completeJob', 'jobId: $id', ['jobId']],
  ['failJob', 'jobId: $id, errorMessage: "x"', ['jobId']],
  ['setJobResult', 'jobId: $id, status: SUCCESS', ['jobId']],
  ['deleteJob', 'jobId: $id', ['jobId']],
  ['releaseJob', 'jobId: $id, expectedVersion: 1', ['jobId']],
  ['retryJob', 'jobId: $id', ['jobId']],
  ['requestJobCancellation', 'jobId: $id', ['jobId']],
  ['claimJobs', `workerId: "w", jobIds: ["${MISSING_ID}", $id]`, ['jobIds', '1']],
]

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const MALFORMED = ['', 'nope', '\0', '💥'.repeat(100), base64('Job:nope'), base64('JobStateRecord:1')]

it('returns malformed job ids unchanged among the lost leases', async () => {
  const query = `mutation ($leases: [JobLease!]!) { outcome: extendLeases(input: { leases: $leases }) {
    ... on ExtendLeasesSuccess { extended { jobId } lost } } }`
  const leases = MALFORMED.map((jobId) => ({ jobId, version: 1 }))
  const { data, errors } = await server.request(query, { leases }, await asUser('ada', 'WORKER'))
  expect([errors, data.outcome]).toEqual([undefined, { extended: [], lost: MALFORMED }])
})

describe.each(ONE_JOB)('%s', (operation, input, path) => {
  const query = `mutation ($id: ID!) { outcome: ${operation}(input: { ${input} }) { ${
    ['claimJobs', 'deleteJob'].includes(operation) ? REFUSED.replace(/\.\.\. on JobNotFound \{.*?\}/, '') : REFUSED
  } } }`

  it.each(MALFORMED)('refuses the malformed job id "%s" as InvalidInput', async (id) => {
    for (const role of ['ADMIN', 'USER', 'WORKER'] as const) {
      const { data, errors } = await server.request(query, { id }, await asUser('ada', role))
      if (errors?.[0]?.extensions?.code === 'FORBIDDEN') continue
      expect(errors).toBeUndefined()
      expect(data.outcome).toEqual({
        __typename: 'InvalidInput',
        issues: [{ path, message: expect.stringMatching(/^must be the id of a job \(got ".*"\)\.$/s) }],
      })
    }
  })

  it('reports an unknown job id as JobNotFound', async () => {
    const { data, errors } = await server.request(query, { id: MISSING_ID })
    expect(errors).toBeUndefined()
    expect(data.outcome.__typename).toBe(
      { claimJobs: 'ClaimJobsSuccess', deleteJob: 'DeleteJobSuccess' }[operation] ?? 'JobNotFound',
    )
  })
})

describe('items of a batch', () => {
  const TRANSITIONS = `mutation ($inputs: [TransitionJobInput!]!) { outcomes: transitionJobs(inputs: $inputs) { ${REFUSED} } }`

  it('are refused individually if a transition has a malformed job id', async () => {
    const { id } = await newJob(server.ledger)
    const inputs = ['garbage', id, MISSING_ID].map((jobId) => ({ jobId, to: 'PROCESSING' }))
    const { data, errors } = await server.request(TRANSITIONS, { inputs })
    expect(errors).toBeUndefined()
    expect(data.outcomes).toEqual([
      {
        __typename: 'InvalidInput',
        issues: [{ path: ['jobId'], message: 'must be the id of a job (got "garbage").' }],
      },
      { __typename: 'TransitionJobSuccess' },
      { __typename: 'JobNotFound', jobId: base64(`Job:${MISSING_ID}`) },
    ])
  })

  it('are refused individually if the caller may not make the transition', async () => {
    const own = await newJob(server.ledger, { userId: 'cara' })
    const foreign = await newJob(server.ledger, { userId: 'dora' })
    const inputs = [
      { jobId: own.id, to: 'PROCESSING' },
      { jobId: 'garbage', to: 'CANCELLED' },
      { jobId: foreign.id, to: 'CANCELLED' },
      { jobId: own.id, to: 'CANCELLED' },
    ]
    const { data, errors } = await server.request(TRANSITIONS, { inputs }, await asUser('cara', 'USER'))
    expect(errors).toBeUndefined()
    expect(data.outcomes).toMatchObject([
      { __typename: 'InvalidInput', issues: [{ path: ['to'], message: expect.stringContaining('user:cara may not') }] },
      { __typename: 'InvalidInput', issues: [{ path: ['jobId'] }] },
      { __typename: 'JobNotFound' },
      { __typename: 'TransitionJobSuccess' },
    ])
    const before = await server.ledger.prisma.job.findUnique({ where: { id: foreign.id } })
    expect(before).toEqual(foreign)
  })

  it('are refused individually if a new job is for another user', async () => {
    const { data, errors } = await server.request(
      `mutation ($inputs: [CreateJobInput!]!) { outcomes: createJobs(inputs: $inputs) {
        __typename ... on CreateJobSuccess { job { userId } } ... on InvalidInput { issues { path message } } } }`,
      { inputs: [{ content: 'a' }, { content: 'b', userId: 'dora' }, { content: 'c', userId: 'cara' }] },
      await asUser('cara', 'USER'),
    )
    expect(errors).toBeUndefined()
    expect(data.outcomes).toEqual([
      { __typename: 'CreateJobSuccess', job: { userId: 'cara' } },
      {
        __typename: 'InvalidInput',
        issues: [{ path: ['userId'], message: expect.stringContaining('may create jobs only for the user "cara"') }],
      },
      { __typename: 'CreateJobSuccess', job: { userId: 'cara' } },
    ])
  })

  it('are forbidden together if the caller may not have any of them', async () => {
    const inputs = [{ jobId: (await newJob(server.ledger, { userId: 'cara' })).id, to: 'PROCESSING' }]
    const { errors } = await server.request(TRANSITIONS, { inputs }, await asUser('cara', 'USER'))
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  })
})
