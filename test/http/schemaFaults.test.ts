// Statements that fail with a schema error although the schema is intact: a bug of the server, or
// an object that an operator added.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LogLine, readableLog } from '../maintenance/logLines.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const CREATE = 'mutation { createJob(input: { content: "c" }) { __typename } }'

const UNAVAILABLE = { errors: [{ extensions: { code: 'UNAVAILABLE' } }] }
const INTERNAL = { errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] }

let server: TestServer
let session: pg.Client
let lines: LogLine[]

beforeAll(async () => {
  const reading = readableLog()
  lines = reading.lines
  server = await startTestServer({ log: reading.log })
  session = new pg.Client({ connectionString: server.databaseUrl })
  await session.connect()
})

afterAll(async () => {
  await session.end()
  await server.close()
})

/** Adds a trigger, as an operator may, that refuses every job. The schema check accepts it. */
async function refuseJobs(code: string, first = ''): Promise<void> {
  await session.query(`
    CREATE OR REPLACE FUNCTION own_refusal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${first}
      RAISE EXCEPTION 'refused' USING ERRCODE = '${code}'; END $$;
    CREATE OR REPLACE TRIGGER own_refusal BEFORE INSERT ON jobs EXECUTE FUNCTION own_refusal()`)
}

const allowJobs = () => session.query('DROP TRIGGER IF EXISTS own_refusal ON jobs')

async function readiness(): Promise<{ status: string; reason?: string }> {
  return (await (await fetch(`${server.url}/readyz`)).json()) as { status: string; reason?: string }
}

it('responds with UNAVAILABLE, stays ready, and logs the cause as an error once a minute', async () => {
  await refuseJobs('42P01')
  for (const _ of [1, 2, 3]) expect(await server.request(CREATE)).toMatchObject(UNAVAILABLE)
  const faults = () => lines.filter(({ level }) => level === 'error')
  await expect
    .poll(faults)
    .toMatchObject([
      { msg: 'statement refused although the schema is intact', err: { code: '42P01', message: 'refused' } },
    ])
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  expect(lines.filter(({ msg }) => msg === 'not ready')).toEqual([])
})

it.each(['21000', '22004', '23505', '23514', '55000', 'P0001', 'XX000', 'JL003'])(
  'responds to %s with INTERNAL_SERVER_ERROR in an intact schema, and with UNAVAILABLE if the schema has drifted',
  async (code) => {
    await refuseJobs(code)
    expect(await server.request(CREATE)).toMatchObject(INTERNAL)
    await session.query('ALTER TABLE jobs DISABLE TRIGGER guard_insert')
    lines.length = 0
    expect(await server.request(CREATE)).toMatchObject(UNAVAILABLE)
    expect(lines.filter(({ msg }) => msg === 'not ready')).toMatchObject([
      { reason: expect.stringContaining('trigger jobs.guard_insert is disabled'), err: { code } },
    ])
    await session.query('ALTER TABLE jobs ENABLE TRIGGER guard_insert')
    await eventually(async () => expect(await readiness()).toEqual({ status: 'ready' }))
  },
)

it('responds with UNAVAILABLE and is not ready while a sequence is behind its table, and says how to repair it', async () => {
  await allowJobs()
  for (const _ of [1, 2, 3]) expect(await server.request(CREATE)).toMatchObject({ data: { createJob: {} } })
  await session.query("SELECT setval('job_states_id_seq', 1, false)")
  expect(await server.request(CREATE)).toMatchObject(UNAVAILABLE)
  const { reason } = await readiness()
  expect(reason).toMatch(/^The sequence job_states_id_seq is behind the ids of job_states: a restore /)
  await session.query(/run "(.*)"/.exec(reason ?? '')?.[1] ?? '')
  await eventually(async () => expect(await readiness()).toEqual({ status: 'ready' }))
  expect(await server.request(CREATE)).toMatchObject({ data: { createJob: {} } })
})

describe('a statement that started before', () => {
  /** The result of a request that fails with a violated constraint after `meanwhile`. */
  async function failAfter(meanwhile: () => Promise<unknown>): Promise<unknown> {
    await refuseJobs('23514', 'PERFORM pg_advisory_xact_lock_shared(1);')
    await session.query('SELECT pg_advisory_lock(1)')
    const answer = server.request(CREATE)
    await eventually(async () => {
      const { rows } = await session.query(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      )
      expect(rows).toHaveLength(1)
    })
    await meanwhile()
    await session.query('SELECT pg_advisory_unlock(1)')
    return answer
  }
  const untilReady = () => eventually(async () => expect(await readiness()).toEqual({ status: 'ready' }))

  it('the schema was complete is UNAVAILABLE, although the schema is complete when it fails', async () => {
    await session.query('ALTER TABLE api_keys DISABLE TRIGGER guard_update')
    await eventually(async () => expect((await readiness()).status).toBe('not ready'))
    const complete = async () => {
      await session.query('ALTER TABLE api_keys ENABLE TRIGGER guard_update')
      await untilReady()
    }
    expect(await failAfter(complete)).toMatchObject(UNAVAILABLE)
    expect(await failAfter(untilReady)).toMatchObject(INTERNAL)
  })

  it('the ledger was restored is UNAVAILABLE, even if no check has failed since', async () => {
    await untilReady()
    const restore = async () => {
      // What a restore from a server with higher transaction ids leaves.
      await session.query(`SET session_replication_role = replica;
        UPDATE job_states SET transaction_id = transaction_id + 3000000 WHERE id = (SELECT max(id) FROM job_states);
        RESET session_replication_role`)
      const timelines = async () => (await session.query('SELECT FROM jobledger.ledger_timelines')).rowCount
      const before = await timelines()
      await eventually(async () => expect(await timelines()).not.toBe(before))
      await untilReady()
    }
    expect(await failAfter(restore)).toMatchObject(UNAVAILABLE)
  })
})
