// Callers whose credential cannot be checked in time because the database does not respond: the
// deadline applies to that too.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiKey } from '../../src/access/apiKeys.ts'
import { bearer } from '../support/credentials.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { type FreezableDatabase, startFreezable } from '../support/freezableDatabase.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const TIMEOUT_MS = 700
/** Allowance for a busy machine, below the 5 and 30 s timeouts of the database. */
const SLACK_MS = 1500

const ASK = '{ viewer { actor } }'
const LATE = {
  status: 503,
  errors: [{ message: expect.stringContaining(`longer than ${TIMEOUT_MS} ms`), extensions: { code: 'TIMEOUT' } }],
}

let own: TestDatabase
let database: FreezableDatabase
let server: TestServer
let other: pg.Client
let made = 0

beforeAll(async () => {
  own = await createTestDatabase()
  database = await startFreezable(own.url)
  server = await startTestServer({
    environment: { AUTH: 'required', REQUEST_TIMEOUT_MS: String(TIMEOUT_MS), MAINTENANCE_INTERVAL_SECONDS: '0' },
    databaseUrl: database.url,
  })
  other = new pg.Client({ connectionString: own.url })
  await other.connect()
})
afterAll(async () => {
  await other.end()
  await server.close()
  await database.close()
  await own.drop()
})

/** A key that the server has not cached. */
async function newKey(): Promise<{ authorization: string }> {
  made += 1
  return bearer((await createApiKey(server.ledger.prisma, { name: `key-${made}`, roles: ['AUDITOR'] })).key)
}

async function expectLate(headers: Record<string, string>): Promise<void> {
  const startedAt = performance.now()
  expect(await server.request(ASK, {}, headers)).toMatchObject(LATE)
  expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS)
}

const waiting = async (): Promise<number> => {
  const { rows } = await other.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  )
  return rows[0].n
}

describe('a caller whose key cannot be looked up in time', () => {
  it('because the table is locked gets TIMEOUT, and its statement is cancelled', async () => {
    const key = await newKey()
    const lock = new pg.Client({ connectionString: own.url })
    await lock.connect()
    await lock.query('BEGIN; LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE')
    await expectLate(key)
    await eventually(async () => expect(await waiting()).toBe(0))
    await lock.end()
    expect((await server.request(ASK, {}, key)).errors).toBeUndefined()
  })

  it('because the database is frozen gets TIMEOUT, on an open or a new connection', async () => {
    const keys = await Promise.all([newKey(), newKey(), newKey()])
    database.freeze()
    await Promise.all(keys.map(expectLate))
    database.thaw()
    for (const key of keys) {
      await eventually(async () => expect((await server.request(ASK, {}, key)).errors).toBeUndefined())
    }
  })
})
