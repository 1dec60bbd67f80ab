// The size of the response of a mutation is checked before it commits: refused mutations write
// nothing, and committed ones get their response.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { completeJob, failJob } from '../../src/ledger/finishJob.ts'
import { ACTOR, jobIn, makeDue, newJob } from '../support/factories.ts'
import { allRows } from '../support/history.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const LIMIT = 1024 * 1024

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ environment: { LIMIT_RESPONSE_BYTES: String(LIMIT) } })
})
afterAll(() => server.close())

const LARGE = 'c'.repeat(200_000)
const metadata = { text: 'm'.repeat(50_000) }

interface Asked {
  readonly query: string
  readonly variables: object
}

const transitions = (selection: string, inputs: object[]): Asked => ({
  query: `mutation ($inputs: [TransitionJobInput!]!) { it: transitionJobs(inputs: $inputs) { ... on TransitionJobSuccess { ${selection} } } }`,
  variables: { inputs },
})

/** A selection that goes from the job to its records and back, `times` times. */
const rounds = (jobId: string, times: number): object[] =>
  Array.from({ length: times }, () => ['PROCESSING', 'PENDING'].map((to) => ({ jobId, to }))).flat()

const one = (operation: string, input: string, selection: string) => async (jobId: string) => ({
  query: `mutation ($id: ID!) { it: ${operation}(input: { jobId: $id${input} }) { ${selection} } }`,
  variables: { id: jobId },
})

const aliases = (field: string, times: number): string =>
  Array.from({ length: times }, (_, n) => `f${n}: ${field}`).join(' ')

/**
 * Mutations on a PENDING job with large content, metadata and result, whose responses would exceed
 * the limit.
 */
const TOO_LARGE: [name: string, asked: (jobId: string) => Asked | Promise<Asked>][] = [
  ['one content in many answers of a batch', (id) => transitions('job { content }', rounds(id, 3))],
  ['one metadata in many answers of a batch', (id) => transitions('job { metadata }', rounds(id, 11))],
  ['the result below many answers of a batch', (id) => transitions('job { result { output } }', rounds(id, 3))],
  ['the job of the record of a transition', (id) => transitions('record { job { content } }', rounds(id, 3))],
  ['the history of the job', (id) => transitions('job { stateHistory { nodes { metadata } } }', rounds(id, 11))],
  [
    'the job of each record of the history',
    (id) => transitions('job { stateHistory { edges { node { job { content } } } } }', rounds(id, 1)),
  ],
  [
    'metadata that come with the request',
    (id) => transitions(`record { ${aliases('metadata', 25)} }`, [{ jobId: id, to: 'PROCESSING', metadata }]),
  ],
  [
    'one content under many names',
    one('transitionJob', ', to: PROCESSING', `... on TransitionJobSuccess { job { ${aliases('content', 6)} } }`),
  ],
  ['deleteJob', one('deleteJob', '', `... on DeleteJobSuccess { job { ${aliases('content', 6)} } }`)],
  [
    'requestJobCancellation',
    one('requestJobCancellation', '', `... on TransitionJobSuccess { job { ${aliases('content', 6)} } }`),
  ],
  [
    'setJobResult',
    one(
      'setJobResult',
      `, status: SUCCESS, output: "${'o'.repeat(100_000)}"`,
      `... on SetJobResultSuccess { result { ${aliases('output', 11)} } }`,
    ),
  ],
]

describe('a mutation whose response would be too large', () => {
  it.each(TOO_LARGE)('is refused, and nothing is written: %s', async (_, asked) => {
    const { id } = await jobIn(server.ledger, 'PROCESSING', { content: LARGE, metadata, maxAttempts: 2 })
    await failJob(server.ledger, { jobId: id, actor: ACTOR, errorMessage: 'x', output: LARGE, metadata })
    const before = await allRows(server.database.pool as never)
    const { query, variables } = await asked(id)
    const { data, errors } = await server.request(query, variables)
    expect(data?.it ?? null).toBeNull()
    expect(errors).toMatchObject([{ path: ['it'], extensions: { code: 'BAD_USER_INPUT', limit: LIMIT } }])
    expect(errors?.[0]?.extensions?.bytes).toBeGreaterThan(LIMIT)
    expect(errors?.[0]?.message).toMatch(
      /^The response would be about \d+ bytes; the limit is 1048576\. Nothing was changed\. Select fewer .* or send fewer items\.$/,
    )
    expect(await allRows(server.database.pool as never)).toEqual(before)
  })

  it.each(['completeJob', 'failJob', 'releaseJob'])('is refused, and nothing is written: %s', async (operation) => {
    const { id, version } = await jobIn(server.ledger, 'PROCESSING', { content: LARGE })
    const more = { completeJob: '', failJob: ', errorMessage: "x"', releaseJob: `, expectedVersion: ${version}` }[
      operation
    ]
    const { query, variables } = await one(
      operation,
      more ?? '',
      `... on TransitionJobSuccess { job { ${aliases('content', 6)} } }`,
    )(id)
    const { errors } = await server.request(query, variables)
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', limit: LIMIT } }])
    expect(await server.ledger.prisma.job.findUnique({ where: { id } })).toMatchObject({ state: 'PROCESSING', version })
  })

  it('is refused because of the output in its input', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    const { errors } = await server.request(
      `mutation ($id: ID!, $output: JSON) { completeJob(input: { jobId: $id, output: $output }) {
        ... on TransitionJobSuccess { job { result { ${aliases('output', 6)} } } } } }`,
      { id, output: LARGE },
    )
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
    expect(await server.ledger.prisma.jobResult.count({ where: { jobId: id } })).toBe(0)
  })

  it.each(['createJobs', 'extendLeases'])('is refused, and nothing is written: %s', async (operation) => {
    const known = await newJob(server.ledger, { userId: 'dev', content: LARGE, idempotencyKey: `key of ${operation}` })
    const held = await Promise.all(
      Array.from({ length: 6 }, () => jobIn(server.ledger, 'PROCESSING', { content: LARGE })),
    )
    const repeated = { content: 'other', idempotencyKey: known.idempotencyKey }
    const before = await allRows(server.database.pool as never)
    const { errors } =
      operation === 'createJobs'
        ? await server.request(
            'mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { ... on IdempotencyConflict { existingJob { content } } } }',
            { inputs: [{ content: 'new' }, ...Array.from({ length: 6 }, () => repeated)] },
          )
        : await server.request(
            'mutation ($leases: [JobLease!]!) { extendLeases(input: { leases: $leases }) { ... on ExtendLeasesSuccess { extended { content } } } }',
            { leases: held.map(({ id, version }) => ({ jobId: id, version })) },
          )
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', limit: LIMIT } }])
    expect(await allRows(server.database.pool as never)).toEqual(before)
  })

  it('keeps the results of earlier mutations in the document, with which it shares the limit', async () => {
    const [first, second] = [
      await newJob(server.ledger, { content: LARGE }),
      await newJob(server.ledger, { content: LARGE }),
    ]
    const start = (name: string, id: string) =>
      `${name}: transitionJob(input: { jobId: "${id}", to: PROCESSING }) { ... on TransitionJobSuccess { job { ${aliases('content', 3)} } } }`
    const { data, errors } = await server.request(`mutation { ${start('a', first.id)} ${start('b', second.id)} }`)
    expect(data.a.job.f2).toBe(LARGE)
    expect(data.b).toBeNull()
    expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'BAD_USER_INPUT', limit: LIMIT } }])
    const state = async (id: string) => (await server.ledger.prisma.job.findUnique({ where: { id } }))?.state
    expect([await state(first.id), await state(second.id)]).toEqual(['PROCESSING', 'PENDING'])
  })
})

describe('claimJobs', () => {
  beforeEach(() => server.database.pool.query("UPDATE jobs SET state = 'CANCELLED' WHERE state IN ('PENDING')"))

  const claim = (selection: string, limit = 100) =>
    server.request(
      `mutation { it: claimJobs(input: { workerId: "w", limit: ${limit} }) { ... on ClaimJobsSuccess { jobs { ${selection} } } } }`,
    )

  it('returns the first jobs that fit into the response, and leaves the others to the next claim', async () => {
    const ids: string[] = []
    for (let made = 0; made < 7; made += 1) ids.push((await newJob(server.ledger, { content: LARGE })).id)
    const first = (await claim('jobId content')).data.it.jobs
    const then = (await claim('jobId content')).data.it.jobs
    expect(first.map(({ jobId }: { jobId: string }) => jobId)).toEqual(ids.slice(0, 5))
    expect(then.map(({ jobId }: { jobId: string }) => jobId)).toEqual(ids.slice(5))
    expect(first.every(({ content }: { content: string }) => content === LARGE)).toBe(true)
  })

  it('returns all jobs if no large fields are selected', async () => {
    for (let made = 0; made < 7; made += 1) await newJob(server.ledger, { content: LARGE })
    expect((await claim('jobId')).data.it.jobs).toHaveLength(7)
  })

  it('counts the records of earlier attempts', async () => {
    for (let made = 0; made < 7; made += 1) {
      const { id } = await jobIn(server.ledger, 'PROCESSING', { maxAttempts: 2 })
      await failJob(server.ledger, { jobId: id, actor: ACTOR, errorMessage: 'x', output: LARGE })
      await makeDue(server.database.pool, id)
    }
    expect((await claim('result { output }')).data.it.jobs).toHaveLength(5)
  })

  it('is refused if a single job is too large', async () => {
    const { id } = await newJob(server.ledger, { content: LARGE })
    const { errors } = await claim(aliases('content', 6))
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', limit: LIMIT } }])
    expect(await server.ledger.prisma.job.findUnique({ where: { id } })).toMatchObject({ state: 'PENDING' })
  })
})

describe('a response within the limit', () => {
  it('is sent, whatever is selected', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING', { content: LARGE, metadata })
    const { data, errors } = await server.request(
      `mutation ($id: ID!, $output: JSON) { completeJob(input: { jobId: $id, output: $output }) { ... on TransitionJobSuccess {
        a: job { content } b: job { metadata result { output } stateHistory { nodes { newState job { state } } } }
        record { actor reason job { content } } } } }`,
      { id, output: LARGE },
    )
    expect(errors).toBeUndefined()
    expect(data.completeJob).toMatchObject({
      a: { content: LARGE },
      b: { metadata, result: { output: LARGE }, stateHistory: { nodes: [{}, {}, { newState: 'COMPLETED' }] } },
      record: { actor: 'user:dev', job: { content: LARGE } },
    })
    await expect(completeJob(server.ledger, { jobId: id, actor: ACTOR })).rejects.toThrow()
  })

  it('does not read content that is not selected', async () => {
    const { id } = await newJob(server.ledger, { content: LARGE })
    const { data } = await server.request(transitions('job { state }', rounds(id, 500)).query, {
      inputs: rounds(id, 500),
    })
    expect(data.it).toHaveLength(1000)
  })
})
