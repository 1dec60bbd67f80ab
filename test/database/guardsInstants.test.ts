// Times that SQL can write and the API returns: all can be represented in RFC 3339.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal } from '../support/attack.ts'
import { jobIn, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const KEY = `INSERT INTO api_keys (name, key_hash, roles, expires_at) VALUES ('k', sha256('k'), '{ADMIN}', '2030-01-01')`
const BAD = ['infinity', '10000-01-01 00:00Z', '0001-12-31 23:59:59Z BC', '-infinity']

let server: TestServer
let session: pg.Client

beforeAll(async () => {
  server = await startTestServer()
  session = new pg.Client({ connectionString: server.databaseUrl })
  await session.connect()
  await session.query(KEY)
})

afterAll(async () => {
  await session.end()
  await server.close()
})

const pageOfJobs = () => server.request('{ jobs { nodes { id runAt leaseExpiresAt } } consumers { name updatedAt } }')

describe.each(BAD)('the instant %s', (instant) => {
  it('is refused wherever SQL can write a time', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    const statements = {
      ck_jobs_instants_have_four_digit_years: [`UPDATE jobs SET lease_expires_at = '${instant}' WHERE id = '${id}'`],
      ck_api_keys_instants_have_four_digit_years: ['created', 'expires', 'last_used', 'revoked'].map((column) =>
        column === 'created'
          ? KEY.replace("'k'", "'other'").replace('expires_at', 'created_at').replace("'2030-01-01'", `'${instant}'`)
          : `UPDATE api_keys SET ${column}_at = '${instant}'`,
      ),
      ck_consumers_instants_have_four_digit_years: [`UPDATE jobledger.consumers SET updated_at = '${instant}'`],
      ck_maintenance_tasks_instants_have_four_digit_years: [
        `INSERT INTO jobledger.maintenance_tasks VALUES ('x', '${instant}')`,
      ],
    }
    for (const [constraint, texts] of Object.entries(statements))
      for (const sql of texts) await expectRefusal(session, sql, { code: '23514', constraint })
    expect((await pageOfJobs()).errors).toBeUndefined()
  })

  it('is refused for runAt if it is late, and means no time if it is early', async () => {
    const { id } = await newJob(server.ledger)
    const texts = [
      `UPDATE jobs SET state = 'PROCESSING', run_at = '${instant}' WHERE id = '${id}'`,
      `INSERT INTO jobs (user_id, content, run_at) VALUES ('u', 'c', '${instant}')`,
    ]
    for (const sql of texts) {
      if (/^inf|^10000/.test(instant))
        await expectRefusal(session, sql, { code: '23514', constraint: 'ck_jobs_instants_have_four_digit_years' })
      else await session.query(sql)
    }
    const { data, errors } = await pageOfJobs()
    expect(errors).toBeUndefined()
    for (const { runAt } of data.jobs.nodes) expect(runAt).toMatch(/^2\d{3}-/)
  })
})
