// A role that lacks one of the rights of `jobledger grants`: no server starts with it, and a
// running server is not ready.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { grantStatements } from '../../src/database/grants.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { runProgram } from '../support/program.ts'
import { startTestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

vi.setConfig({ testTimeout: 120_000 })

const role = `jl_none_${randomBytes(5).toString('hex')}`
let database: TestDatabase

const run = (sql: string) => onServer(database.url, (client) => client.query(sql))

function urlOf(): string {
  const url = new URL(database.url)
  url.username = role
  url.password = 'secret'
  return url.href
}

beforeAll(async () => {
  database = await createTestDatabase()
  await run(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`)
})

afterAll(async () => {
  await run(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  await database.drop()
})

describe('a role that lacks a right', () => {
  const sentence = (lacking: string): string =>
    `The database role ${role} lacks ${lacking}. As the owner of the tables, run "jobledger grants --api ${role} --apply".`
  const granted = grantStatements({ api: role })

  it.each([
    [
      'REVOKE USAGE ON SCHEMA public FROM PUBLIC',
      'USAGE on schema public, USAGE on schema jobledger, SELECT on table _prisma_migrations, SELECT on table jobs, INSERT on table jobs, and \\d+ more rights',
    ],
    [`${granted}; REVOKE INSERT ON jobs FROM ${role}`, 'INSERT on table jobs'],
    [`${granted}; REVOKE SELECT ON _prisma_migrations FROM ${role}`, 'SELECT on table _prisma_migrations'],
    [`${granted}; REVOKE UPDATE (last_used_at) ON api_keys FROM ${role}`, 'UPDATE of last_used_at on table api_keys'],
    [`${granted}; REVOKE SELECT ON jobledger.consumers FROM ${role}`, 'SELECT on table jobledger.consumers'],
    [`${granted}; REVOKE USAGE ON SCHEMA jobledger FROM ${role}`, 'USAGE on schema jobledger'],
    [`${granted}; REVOKE USAGE ON SEQUENCE job_states_id_seq FROM ${role}`, 'USAGE on sequence job_states_id_seq'],
    [
      `${granted}; REVOKE EXECUTE ON FUNCTION jobledger.reset_rollup FROM ${role}`,
      'EXECUTE on function jobledger.reset_rollup',
    ],
  ])('does not start a server, and a sentence says what it lacks after %s', async (sql, lacking) => {
    await run(sql)
    const program = runProgram('src/cli.ts', { DATABASE_URL: urlOf(), PORT: '0', AUTH: 'required' }, ['start'])
    expect(await program.ended).toMatchObject({ code: 1 })
    const escaped = sentence(lacking).replaceAll(/[.()]/g, '\\$&')
    expect(program.stderr()).toMatch(new RegExp(`^${escaped}\n$`))
  })

  it('makes a running server not ready until it has the right again', async () => {
    await run(granted)
    const server = await startTestServer({ databaseUrl: urlOf() })
    const ready = async () => await (await fetch(`${server.url}/readyz`)).json()
    const create = () => server.request('mutation { createJob(input: { content: "c" }) { __typename } }')
    const created = { data: { createJob: { __typename: 'CreateJobSuccess' } } }
    try {
      expect(await ready()).toEqual({ status: 'ready' })
      expect(await create()).toMatchObject(created)
      await run(`REVOKE INSERT ON jobs FROM ${role}`)
      expect(await create()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] })
      await expect.poll(ready).toEqual({ status: 'not ready', reason: sentence('INSERT on table jobs') })
      await run(`GRANT INSERT ON jobs TO ${role}`)
      await expect.poll(ready).toEqual({ status: 'ready' })
      expect(await create()).toMatchObject(created)
    } finally {
      await server.close()
    }
  })
})
