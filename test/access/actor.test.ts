// The actor in records: the credential determines it, and nothing else in the request can.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiKey } from '../../src/access/apiKeys.ts'
import { asUser, bearer, PROTECTED } from '../support/credentials.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
})
afterAll(() => server.close())

const LIFE = `mutation ($id: ID!) {
  a: transitionJob(input: { jobId: $id, to: PROCESSING }) { ...Out }
  b: failJob(input: { jobId: $id, errorMessage: "x" }) { ...Out }
  c: transitionJobs(inputs: [{ jobId: $id, to: PENDING }]) { ...Out }
  d: transitionJob(input: { jobId: $id, to: PROCESSING }) { ...Out }
  e: completeJob(input: { jobId: $id }) { ...Out }
  f: deleteJob(input: { jobId: $id }) { __typename }
}
fragment Out on TransitionJobResult { __typename }`

/** The actors of all records of a job that has gone through every kind of transition. */
async function actors(headers: Record<string, string>): Promise<Set<string>> {
  const forged = {
    'x-actor': 'user:root',
    'x-user-id': 'root',
    'x-forwarded-user': 'root',
    cookie: 'user=root',
    ...headers,
  }
  const query =
    'mutation { createJob(input: { userId: "ada", content: "x" }) { ... on CreateJobSuccess { job { id } } } }'
  const { data } = await server.request(query, {}, forged)
  const { id } = data.createJob.job
  expect((await server.request(LIFE, { id }, forged)).errors).toBeUndefined()
  const records = await server.request(
    'query ($id: ID!) { job(id: $id) { stateHistory { nodes { actor } } } }',
    { id },
    forged,
  )
  const found = records.data.job.stateHistory.nodes.map((record: { actor: string }) => record.actor)
  expect(found).toHaveLength(7)
  return new Set(found)
}

describe('the actor', () => {
  it('is the subject of a token', async () => {
    expect(await actors(await asUser('grace', 'ADMIN'))).toEqual(new Set(['user:grace']))
  })

  it('is a subject in any alphabet', async () => {
    expect(await actors(await asUser('Łucja', 'ADMIN'))).toEqual(new Set(['user:Łucja']))
  })

  it('is the name of an API key', async () => {
    const { key } = await createApiKey(server.ledger.prisma, { name: 'deploys', roles: ['ADMIN'] })
    expect(await actors(bearer(key))).toEqual(new Set(['key:deploys']))
  })

  it('cannot be given as an argument', async () => {
    const query = 'mutation { createJob(input: { content: "x", actor: "user:root" }) { __typename } }'
    const { errors } = await server.request(query, {}, await asUser('grace', 'ADMIN'))
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })
})

describe('viewer', () => {
  const WHO = '{ viewer { actor userId roles } }'

  it('returns the identity and roles of the caller', async () => {
    const { data } = await server.request(WHO, {}, await asUser('grace', 'WORKER', 'USER'))
    expect(data.viewer).toEqual({ actor: 'user:grace', userId: 'grace', roles: ['USER', 'WORKER'] })
  })

  it('returns the user of an API key, if any', async () => {
    const { prisma } = server.ledger
    const { key } = await createApiKey(prisma, { name: 'robot', roles: ['AUDITOR'] })
    expect((await server.request(WHO, {}, bearer(key))).data.viewer).toEqual({
      actor: 'key:robot',
      userId: null,
      roles: ['AUDITOR'],
    })
    const { key: own } = await createApiKey(prisma, { name: 'laptop', roles: ['USER'], userId: 'ada' })
    expect((await server.request(WHO, {}, bearer(own))).data.viewer).toEqual({
      actor: 'key:laptop',
      userId: 'ada',
      roles: ['USER'],
    })
  })
})

describe('a job without a named user', () => {
  const CREATE = `mutation { createJob(input: { content: "x" }) { __typename
    ... on CreateJobSuccess { job { userId } } ... on InvalidInput { issues { path message } } } }`

  it('belongs to the caller', async () => {
    const { data } = await server.request(CREATE, {}, await asUser('grace', 'USER'))
    expect(data.createJob.job.userId).toBe('grace')
  })

  it('is refused individually in a batch', async () => {
    const { key } = await createApiKey(server.ledger.prisma, { name: 'batch', roles: ['ADMIN'] })
    const query = `mutation { createJobs(inputs: [{ content: "a" }, { content: "b", userId: "ada" }, { content: "c" }]) {
      __typename ... on CreateJobSuccess { job { content } } ... on InvalidInput { issues { path } } } }`
    const refused = { __typename: 'InvalidInput', issues: [{ path: ['userId'] }] }
    expect((await server.request(query, {}, bearer(key))).data.createJobs).toEqual([
      refused,
      { __typename: 'CreateJobSuccess', job: { content: 'b' } },
      refused,
    ])
  })

  it('is refused if the key has no user', async () => {
    const { key } = await createApiKey(server.ledger.prisma, { name: 'userless', roles: ['ADMIN'] })
    const { data } = await server.request(CREATE, {}, bearer(key))
    expect(data.createJob).toEqual({
      __typename: 'InvalidInput',
      issues: [{ path: ['userId'], message: expect.stringContaining('key:userless names no user') }],
    })
  })
})
