// The roles of docker-compose.yml, on a PostgreSQL of its own: the commands of its services, in
// their order.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { applyMigrations } from '../../src/database/migrations.ts'
import { migrate } from '../support/migrationSql.ts'
import { CHECKOUT } from '../support/prismaCli.ts'
import { type Program, runProgram } from '../support/program.ts'
import { startTestServer } from '../support/server.ts'
import { startTemporaryServer, type TemporaryServer } from '../support/temporaryServer.ts'
import { onServer } from '../support/testRun.ts'
import { apiSmoke } from './apiSmoke.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const PASSWORDS = { owner: 'of-owner', api: 'of-api' }

function withoutPsql(): boolean {
  if (spawnSync('psql', ['--version']).status === 0) return false
  console.warn('!!! SKIPPED: the roles of docker-compose.yml, because psql (postgresql-client) is not there.')
  return true
}

describe.skipIf(withoutPsql())('docker-compose.yml', () => {
  let cluster: TemporaryServer

  beforeAll(async () => {
    cluster = await startTemporaryServer()
  })
  afterAll(() => cluster?.stop({ keepFiles: false }))

  function urlOf(database: string, role?: keyof typeof PASSWORDS): string {
    const url = new URL(cluster.url)
    url.pathname = `/${database}`
    if (role !== undefined) Object.assign(url, { username: `jobledger_${role}`, password: PASSWORDS[role] })
    return url.href
  }

  /** As the image of PostgreSQL runs it. */
  function runRolesScript(database: string): void {
    const { hostname, port, username, password } = new URL(cluster.url)
    execFileSync('sh', [join(CHECKOUT, 'docker/roles.sh')], {
      env: {
        ...process.env,
        ...{ PGHOST: hostname, PGPORT: port, PGPASSWORD: password, POSTGRES_USER: username, POSTGRES_DB: database },
        ...{ OWNER_PASSWORD: PASSWORDS.owner, API_PASSWORD: PASSWORDS.api },
      },
    })
  }

  async function run(databaseUrl: string, words: string): Promise<Program> {
    const program = runProgram('src/cli.ts', { DATABASE_URL: databaseUrl }, words.split(' '))
    expect(await program.ended, program.stderr()).toEqual({ code: 0, signal: null })
    return program
  }

  it('names these roles', () => {
    const file = readFileSync(join(CHECKOUT, 'docker-compose.yml'), 'utf8')
    expect(file).toContain('npx prisma migrate deploy && node dist/cli.js grants --api jobledger_api --apply')
    expect([...file.matchAll(/postgresql:\/\/(\w+):/g)].map(([, role]) => role)).toEqual([
      'jobledger_owner',
      'jobledger_api',
    ])
    expect(file).toContain('./docker/roles.sh:/docker-entrypoint-initdb.d/')
  })

  it.each([
    ['a new database', false],
    ['a database that the superuser has migrated', true],
  ])('serves %s as a role that is no superuser', async (_, isOld) => {
    const name = isOld ? 'old' : 'fresh'
    await onServer(cluster.url, (session) => session.query(`CREATE DATABASE ${name}`))
    if (isOld) await migrate(urlOf(name))
    runRolesScript(name)
    if (isOld) await run(urlOf(name), 'grants --owner jobledger_owner --apply')
    else await applyMigrations(urlOf(name, 'owner'))
    await run(urlOf(name, 'owner'), 'grants --api jobledger_api --apply')
    const key = (await run(urlOf(name, 'owner'), 'api-key create admin --roles ADMIN')).stdout().trim()
    const server = await startTestServer({
      databaseUrl: urlOf(name, 'api'),
      environment: { AUTH: 'required', BULK_INTERVAL_SECONDS: '1' },
    })
    await apiSmoke(server, { authorization: `Bearer ${key}` })
    await server.close()
    for (const words of ['rollup --rebuild', 'maintain --once']) await run(urlOf(name, 'api'), words)
    await run(urlOf(name, 'owner'), 'seed --add')
    const roles = await onServer(urlOf(name), (session) =>
      session.query(
        `SELECT rolname FROM pg_roles WHERE rolname LIKE 'jobledger!_%' ESCAPE '!' AND (rolsuper OR rolcreaterole OR rolcreatedb)`,
      ),
    )
    expect(roles.rows).toEqual([])
  })
})
