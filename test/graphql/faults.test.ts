// Failures of the database: retryable if they pass, otherwise masked and logged under the request
// id that the client gets. They are gone when the database recovers.
import { Writable } from 'node:stream'
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
let other: pg.Client
const logged: { level: number; requestId?: string; err?: { code?: string; message: string } }[] = []

beforeAll(async () => {
  const sink = new Writable({
    write(line, _, done) {
      logged.push(JSON.parse(String(line)))
      done()
    },
  })
  server = await startTestServer({
    log: pino({ level: 'warn' }, sink),
    environment: {
      DATABASE_STATEMENT_TIMEOUT_MS: '500',
      DATABASE_CONNECT_TIMEOUT_MS: '500',
      DATABASE_POOL_MIN: '2',
      DATABASE_POOL_MAX: '2',
    },
  })
  other = new pg.Client({ connectionString: server.databaseUrl })
  await other.connect()
})

afterAll(async () => {
  await other.end()
  await server.close()
})

const START = 'mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: PROCESSING }) { __typename } }'

async function expectMasked(query: string, cause: RegExp, variables: object = {}): Promise<void> {
  const answer = await server.request(query, variables)
  const requestId = answer.headers.get('x-request-id')
  expect(answer.errors).toEqual([expect.objectContaining({ extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } })])
  expect(JSON.stringify(answer.errors)).not.toMatch(/SELECT|UPDATE|public|jobs_|127\.0\.0\.1|relation|timeout/)
  const faults = logged.flatMap((line) => (line.requestId === requestId && line.err ? [line.err] : []))
  expect(faults.map(({ code, message }) => `${code}: ${message}`)).toEqual([expect.stringMatching(cause)])
}

async function expectRetryable(query: string, reason: string, variables: object): Promise<void> {
  const { errors, headers } = await server.request(query, variables)
  const message = `${reason} Send the request again later.`
  expect(errors).toMatchObject([{ message, extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 1 } }])
  expect(headers.get('retry-after')).toBe('1')
}

/** Until the function `refuse` is dropped. */
async function refuseUpdates(state: string): Promise<void> {
  await other.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'relation jobs' USING ERRCODE = '${state}'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON jobs EXECUTE FUNCTION refuse()`)
}

describe('a database failure', () => {
  it('is reported as retryable after a statement timeout, and nothing is written', async () => {
    const { id } = await newJob(server.ledger)
    await other.query('BEGIN; LOCK TABLE jobs IN EXCLUSIVE MODE')
    await expectRetryable(START, 'The database cancelled the statement.', { id })
    await other.query('ROLLBACK')
    const { data } = await server.request(START, { id })
    expect(data.transitionJob.__typename).toBe('TransitionJobSuccess')
  })

  it.each([
    ['conflicts without end', '40001', 'The database ran conflicting requests.'],
    ['a deadlock that recurs', '40P01', 'The database ran conflicting requests.'],
    ['a full disk', '53100', 'The database lacks a resource, such as memory, disk space or connections.'],
    ['a lock timeout', '55P03', 'The database waited too long for a lock.'],
    ['an administrator who cancels the statement', '57014', 'The database cancelled the statement.'],
  ])('is reported as retryable after %s, and nothing is written', async (_, state, reason) => {
    const { id } = await newJob(server.ledger)
    await refuseUpdates(state)
    await expectRetryable(START, reason, { id })
    await other.query('DROP FUNCTION refuse CASCADE')
    const { data } = await server.request(START, { id })
    expect(data.transitionJob.__typename).toBe('TransitionJobSuccess')
  })

  it('has an unknown outcome if PostgreSQL ends the session at its transaction timeout', async () => {
    const { id } = await newJob(server.ledger)
    await refuseUpdates('25P04')
    const { errors } = await server.request(START, { id })
    expect(errors).toMatchObject([{ extensions: { code: 'OUTCOME_UNKNOWN', retryAfterSeconds: 1 } }])
    await other.query('DROP FUNCTION refuse CASCADE')
  })

  it('is reported as retryable when a table is missing, without the name of the table', async () => {
    await other.query('ALTER TABLE job_results RENAME TO mislaid')
    const refused = await server.request('{ jobs(first: 1) { nodes { result { id } } } }')
    expect(refused.errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 1 } }])
    expect(JSON.stringify(refused.errors)).not.toContain('job_results')
    await other.query('ALTER TABLE mislaid RENAME TO job_results')
    const { errors } = await server.request('{ jobs(first: 1) { nodes { result { id } } } }')
    expect(errors).toBeUndefined()
  })

  it('is masked when another program has changed the database and a guard fails', async () => {
    const { id } = await newJob(server.ledger)
    await other.query('ALTER TABLE job_states DISABLE TRIGGER USER')
    await other.query('DELETE FROM job_states WHERE job_id = $1', [id])
    await other.query('ALTER TABLE job_states ENABLE TRIGGER USER')
    await expectMasked(START, /JL003/, { id })
    const job = await server.ledger.prisma.job.findUniqueOrThrow({ where: { id } })
    expect([job.state, job.version]).toEqual(['PENDING', 1])
  })

  it('is reported as retryable when no connection is free', async () => {
    const held = await Promise.all([server.database.pool.connect(), server.database.pool.connect()])
    const { errors, headers } = await server.request('{ jobCount }')
    for (const client of held) client.release()
    expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 1 } }])
    expect(headers.get('retry-after')).toBe('1')
    expect((await server.request('{ jobCount }')).errors).toBeUndefined()
  })

  it('that closes all connections is gone when the database is available again', async () => {
    await server.request('{ jobCount }')
    await other.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    )
    await eventually(async () => {
      expect((await server.request('{ jobCount }')).errors).toBeUndefined()
    })
  })
})
