// What cannot be stored neither delays nor fails an answer: a blocked table, a batch that the
// database refuses, an outage. A shutdown stores what is left.
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type LogLine, readableLog } from '../maintenance/logLines.ts'
import { bearer, PROTECTED, tokenOf } from '../support/credentials.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { openTcpGate, type TcpGate } from '../support/tcpGate.ts'

let database: TestDatabase
let session: pg.Client
let gate: TcpGate
let server: TestServer
let lines: LogLine[]
let jobId: string

beforeAll(async () => {
  database = await createTestDatabase()
  session = new pg.Client({ connectionString: database.url })
  await session.connect()
  const target = new URL(database.url)
  gate = await openTcpGate(Number(target.port || 5432))
})
afterAll(async () => {
  await gate.close()
  await session.end()
  await database.drop()
})

beforeEach(async () => {
  const url = new URL(database.url)
  url.host = `127.0.0.1:${gate.port}`
  const readable = readableLog()
  lines = readable.lines
  server = await startTestServer({ databaseUrl: url.href, environment: PROTECTED, log: readable.log })
  jobId = (await newJob(server.ledger)).id
})
afterEach(() => server.close())

/** Attempts to complete the job, once with each of the versions, as an auditor. */
async function attempt(auditor: string, versions: readonly number[]): Promise<void> {
  const headers = bearer(await tokenOf(auditor, { roles: ['AUDITOR'] }))
  const query = 'mutation ($inputs: [TransitionJobInput!]!) { transitionJobs(inputs: $inputs) { __typename } }'
  const inputs = versions.map((expectedVersion) => ({ jobId, to: 'COMPLETED', expectedVersion }))
  const { errors } = await server.request(query, { inputs }, headers)
  expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
}

async function stored(): Promise<number> {
  const { rows } = await session.query('SELECT FROM jobledger.refusals WHERE job_id = $1', [jobId])
  return rows.length
}

const logged = (message: string): LogLine[] => lines.filter(({ msg }) => msg === message)
const NOT_STORED = 'refused attempts not stored'

it('answers while the table is blocked, and later stores all but what one caller has too many of', async () => {
  const versions = Array.from({ length: 900 }, (_, index) => index + 1)
  await session.query('BEGIN; LOCK TABLE jobledger.refusals IN EXCLUSIVE MODE')
  await attempt('many', versions)
  await attempt(
    'many',
    versions.map((version) => version + 900),
  )
  await session.query('COMMIT')
  await eventually(async () => expect(await stored()).toBe(1000))
  await server.close()
  expect(logged(NOT_STORED)).toMatchObject([{ level: 'warn', actor: 'user:many', refusals: 800 }])
})

it('answers when the database refuses the batch, logs it, and stores the next one', async () => {
  await session.query("ALTER TABLE jobledger.refusals ADD CONSTRAINT none CHECK (actor <> 'user:refused')")
  await attempt('refused', [1])
  await eventually(() => expect(logged(NOT_STORED)).toMatchObject([{ refusals: 1, err: { code: '23514' } }]))
  await attempt('accepted', [1])
  await eventually(async () => expect(await stored()).toBe(1))
  await session.query('ALTER TABLE jobledger.refusals DROP CONSTRAINT none')
})

it('answers during an outage of the database, and stores when it is back', async () => {
  await gate.close()
  await attempt('early', [1, 2])
  await eventually(() => expect(logged('refused attempts not stored yet, retrying').length).toBeGreaterThan(1))
  await attempt('early', [3])
  await gate.open()
  await eventually(async () => expect(await stored()).toBe(3))
  const levels = logged('refused attempts not stored yet, retrying').map(({ level }) => level)
  expect(levels.filter((level) => level === 'warn')).toHaveLength(1)
})

it('stores on shutdown what it has answered before', async () => {
  await attempt('last', [1, 2, 3])
  await server.close()
  expect(await stored()).toBe(3)
  expect(logged(NOT_STORED)).toEqual([])
})
