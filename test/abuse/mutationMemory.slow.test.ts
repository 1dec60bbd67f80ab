// Many small concurrent requests that refer to large jobs a thousand times, to a server with little
// memory.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sendOperation } from '../../src/client/sendOperation.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'

const MEBIBYTE = 1024 * 1024
/** Number of concurrent requests. */
const CALLERS = 5
/** 17 % of a quarter of the heap, which is less than LIMIT_RESPONSE_BYTES. */
const LIMIT = expect.toSatisfy((bytes: number) => bytes > 20 * MEBIBYTE && bytes < 32 * MEBIBYTE)

let database: TestDatabase
let server: Program
let url: string

beforeAll(async () => {
  database = await createTestDatabase()
  server = runProgram('src/main.ts', {
    NODE_OPTIONS: '--max-old-space-size=512',
    DATABASE_URL: database.url,
    AUTH: 'open',
    PORT: '0',
  })
  url = (await server.says(/listens on (http:\/\/localhost:\d+\/graphql)/))[1] ?? ''
})
afterAll(async () => {
  await endPrograms()
  await database.drop()
})

// biome-ignore lint/suspicious/noExplicitAny: responses of any shape
const send = (query: string, variables: object = {}) => sendOperation<any>(url, { query, variables })

// Not compressible: PostgreSQL would store a megabyte of one letter in a few kilobytes.
const content = Buffer.from(Array.from({ length: MEBIBYTE / 2 }, () => Math.floor(Math.random() * 256))).toString('hex')

async function create(input: object): Promise<string> {
  const query =
    'mutation ($input: CreateJobInput!) { it: createJob(input: $input) { ... on CreateJobSuccess { job { jobId } } } }'
  return (await send(query, { input: { content, ...input } })).data.it.job.jobId
}

/** Sends the request as many callers, while the health of the server is polled. */
async function flood(query: string, variables: object = {}) {
  let isOver = false
  const lives = (async () => {
    do expect((await fetch(url.replace('/graphql', '/livez'))).status).toBe(200)
    while (!isOver)
  })()
  const answers = await Promise.all(Array.from({ length: CALLERS }, () => send(query, variables)))
  isOver = true
  await lives
  expect(server.process.exitCode).toBeNull()
  return answers
}

const repeated = (item: object, times = 1000): object[] => Array.from({ length: times }, () => item)

it('answers batches that create jobs with the idempotency key of a large job', { timeout: 120_000 }, async () => {
  await create({ idempotencyKey: 'k' })
  const inputs = repeated({ content: 'other', idempotencyKey: 'k' })
  const batch = (selection: string) =>
    `mutation ($inputs: [CreateJobInput!]!) { it: createJobs(inputs: $inputs) { __typename ${selection} } }`
  for (const { data } of await flood(batch(''), { inputs }))
    expect(data.it).toEqual(repeated({ __typename: 'IdempotencyConflict' }))
  for (const { errors } of await flood(batch('... on IdempotencyConflict { existingJob { content } }'), { inputs }))
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', limit: LIMIT } }])
})

it('answers batches of transitions of a large job', { timeout: 120_000 }, async () => {
  const jobId = await create({})
  const inputs = repeated({ jobId, to: 'PROCESSING' }, 400).map((item, n) => (n % 2 ? { jobId, to: 'PENDING' } : item))
  const batch = (selection: string) =>
    `mutation ($inputs: [TransitionJobInput!]!) { it: transitionJobs(inputs: $inputs) { __typename ${selection} } }`
  for (const { data } of await flood(batch(''), { inputs })) expect(data.it).toHaveLength(400)
  for (const { errors } of await flood(batch('... on TransitionJobSuccess { job { content } }'), { inputs }))
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', limit: LIMIT } }])
})

it('refuses mutations of a caller that has used up the memory', { timeout: 120_000 }, async () => {
  const ids: string[] = []
  for (let made = 0; made < 20; made += 1) ids.push(await create({}))
  const field = (jobId: string) =>
    `setJobResult(input: { jobId: "${jobId}", status: SUCCESS }) { ... on SetJobResultSuccess { job { content } } }`
  const mutation = `mutation { ${ids.map((id, n) => `f${n}: ${field(id)}`).join(' ')} }`
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => flood(mutation)))
  const codes = answers.flat().flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions?.code))
  expect(new Set(codes)).toEqual(new Set(['UNAVAILABLE']))
})

it('answers dry runs of bulk actions on large jobs', { timeout: 120_000 }, async () => {
  for (let made = 0; made < 10; made += 1) await create({ preset: 'sampled' })
  const field =
    'startBulkAction(input: { action: CANCEL, filter: { presets: ["sampled"] }, reason: "r" }) { ... on BulkActionPreview { matched sample { content } } }'
  const all = Array.from({ length: 20 }, (_, n) => `f${n}: ${field}`).join(' ')
  const { data, errors } = await send(`mutation { ${all} }`)
  expect(errors).toBeUndefined()
  expect(data.f0.sample).toHaveLength(10)
  expect(data.f19).toEqual({ matched: 10, sample: [] })
  await flood(`mutation { ${all} }`)
})

it('returns as many large jobs to each of many workers as fit into a response', { timeout: 180_000 }, async () => {
  const total = CALLERS * 20
  for (let made = 0; made < total; made += 1) await create({ preset: 'large' })
  const claimed: string[] = []
  while (claimed.length < total) {
    const answers = await flood(
      'mutation { it: claimJobs(input: { workerId: "w", limit: 100, presets: ["large"] }) { ... on ClaimJobsSuccess { jobs { jobId content } } } }',
    )
    for (const { data, errors } of answers) {
      expect(errors).toBeUndefined()
      expect(data.it.jobs.length).toBeLessThan(32)
      claimed.push(...data.it.jobs.map((job: { jobId: string }) => job.jobId))
    }
  }
  expect(new Set(claimed).size).toBe(total)
})
