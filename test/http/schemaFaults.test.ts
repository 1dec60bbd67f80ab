// Statements that fail with a schema error although the schema is intact: a bug of the server, or
// an object that an operator added.
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type LogLine, readableLog } from '../maintenance/logLines.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const CREATE = 'mutation { createJob(input: { content: "c" }) { __typename } }'

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
async function refuseJobs(code: string): Promise<void> {
  await session.query(`
    CREATE OR REPLACE FUNCTION own_refusal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'refused' USING ERRCODE = '${code}'; END $$;
    CREATE OR REPLACE TRIGGER own_refusal BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION own_refusal()`)
}

it('responds with UNAVAILABLE, stays ready, and logs the cause as an error once a minute', async () => {
  await refuseJobs('42P01')
  for (const _ of [1, 2, 3])
    expect(await server.request(CREATE)).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] })
  const faults = () => lines.filter(({ level }) => level === 'error')
  await expect
    .poll(faults)
    .toMatchObject([
      { msg: 'statement refused although the schema is intact', err: { code: '42P01', message: 'refused' } },
    ])
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  expect(lines.filter(({ msg }) => msg === 'not ready')).toEqual([])
})

it('responds with INTERNAL_SERVER_ERROR to a constraint violation in an intact schema, and with UNAVAILABLE if the schema has drifted', async () => {
  await refuseJobs('23514')
  expect(await server.request(CREATE)).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] })
  await session.query('ALTER TABLE jobs DISABLE TRIGGER guard_insert')
  expect(await server.request(CREATE)).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] })
  expect(lines.filter(({ msg }) => msg === 'not ready')).toMatchObject([
    { reason: expect.stringContaining('trigger jobs.guard_insert is disabled'), err: { code: '23514' } },
  ])
})
