// Prepared statements that become invalid: the caller does not notice.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { prismaCli } from '../support/prismaCli.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const CREATE = `mutation ($key: String!) { createJob(input: { userId: "u", content: "c", idempotencyKey: $key }) {
  ... on CreateJobSuccess { created job { jobId state } } } }`
const JOBS = '{ jobs { nodes { state } } jobCount }'

let database: TestDatabase
let server: TestServer

beforeEach(async () => {
  database = await createTestDatabase()
  // One connection, which stays open.
  const environment = { DATABASE_POOL_MIN: '1', DATABASE_POOL_MAX: '1' }
  server = await startTestServer({ databaseUrl: database.url, environment })
})

afterEach(async () => {
  await server.close()
  await database.drop()
})

async function create(key: string): Promise<void> {
  const answer = await server.request(CREATE, { key })
  expect(answer).toMatchObject({ data: { createJob: { created: true, job: { state: 'PENDING' } } } })
}

async function useEveryStatement(key: string): Promise<void> {
  await create(key)
  expect(await server.request(JOBS)).toMatchObject({ data: { jobs: { nodes: [{}] } } })
}

/** Runs a statement in the session of the server. Resolves to its process id. */
async function onSession(text = 'SELECT'): Promise<number | undefined> {
  const session = await server.database.pool.connect()
  await session.query(text)
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  session.release()
  return rows[0]?.pid
}

describe('prepared statements', () => {
  it('run once more when the schema was recreated under a running server', async () => {
    await useEveryStatement('a')
    const reset = await prismaCli(['migrate', 'reset', '--force'], database.url)
    expect(reset, reset.said).toMatchObject({ code: 0 })
    await useEveryStatement('a')
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200)
  })

  it.each(['DEALLOCATE ALL', 'DISCARD ALL'])(
    'are run once more after %s in their session, which is closed',
    async (text) => {
      await create('a')
      const before = await onSession(text)
      await create('b')
      expect(await onSession()).not.toBe(before)
      expect(await server.request('{ jobCount }')).toMatchObject({ data: { jobCount: 2 } })
    },
  )
})
