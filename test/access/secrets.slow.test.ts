// Secrets (passwords, tokens, API keys, verification keys) do not appear in logs, errors or the
// list of processes.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApiKey } from '../../src/access/apiKeys.ts'
import { connectDatabase } from '../../src/database/client.ts'
import { bearer, JWT_SECRET, PROTECTED, tokenOf } from '../support/credentials.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { prismaCli } from '../support/prismaCli.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const PASSWORD = 'pass-word-of-the-tests-4711'

let database: TestDatabase
let role: string

// A role with its own password, also on servers that do not require one.
beforeEach(async () => {
  database = await createTestDatabase({ empty: true })
  role = `secrets_${Math.random().toString(36).slice(2)}`
  await administer(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD '${PASSWORD}'`)
})

afterEach(async () => {
  await endPrograms()
  await database.drop()
  const server = new URL(database.url)
  server.pathname = '/postgres'
  await administer(`DROP ROLE ${role}`, server.href)
})

async function administer(sql: string, url = database.url): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

function urlWithPassword(of = database): string {
  const url = new URL(of.url)
  url.username = role
  url.password = PASSWORD
  return url.href
}

/** The command lines of all processes, which every user of the machine can read. */
function processes(): string {
  return execFileSync('ps', ['-eo', 'args', '--no-headers', '-ww'], { encoding: 'utf8' })
}

/** The command lines seen until `ended`. */
async function processesUntil(ended: Promise<unknown>): Promise<string> {
  const seen: string[] = []
  let over = false
  void ended.finally(() => {
    over = true
  })
  while (!over) {
    seen.push(processes())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return seen.join('\n')
}

async function migrate(): Promise<string> {
  const migrated = prismaCli(['migrate', 'deploy'], urlWithPassword())
  const seen = await processesUntil(migrated)
  expect(await migrated).toMatchObject({ code: 0 })
  // The engine was there to be seen.
  expect(seen).toContain('schema-engine/main.mjs')
  return seen
}

async function serve(environment: Record<string, string>): Promise<{ program: Program; url: string }> {
  const program = runProgram('src/main.ts', {
    DATABASE_URL: urlWithPassword(),
    NODE_ENV: 'production',
    PORT: '0',
    LOG_LEVEL: 'trace',
    ...environment,
  })
  const [line] = await program.says(/.*"listening".*/)
  return { program, url: JSON.parse(line).url }
}

/** Creates a key with the command. `seen`: the processes meanwhile, and the command's messages. */
async function createKey(environment: Record<string, string>): Promise<{ key: string; seen: string }> {
  const program = runProgram('src/cli.ts', environment, ['api-key', 'create', 'ci', '--roles', 'ADMIN'])
  const listed = await processesUntil(program.ended)
  expect(await program.ended).toEqual({ code: 0, signal: null })
  // The command was there to be seen.
  expect(listed).toContain('api-key create ci')
  const key = program.stdout().trim()
  expect(key).toMatch(/^jl_/)
  return { key, seen: `${listed}\n${program.stderr()}` }
}

describe('secrets', () => {
  it('do not appear anywhere, whatever fails in a server', async () => {
    const listed = [await migrate()]
    const { program, url } = await serve(PROTECTED)
    const connection = connectDatabase({
      url: urlWithPassword(),
      poolMin: 0,
      poolMax: 1,
      maxLifetimeSeconds: 60,
      connectTimeoutMs: 5000,
      statementTimeoutMs: 5000,
      preparedStatements: true,
      onPoolError: () => undefined,
    })
    const { key } = await createApiKey(connection.prisma, { name: 'secret', roles: ['ADMIN'] })
    await connection.close()
    const good = await tokenOf('ada', { roles: ['ADMIN'] })
    const bad = await tokenOf('ada', { secret: 'another-secret-0123456789-0123456789' })
    const query = '{ viewer { actor } jobs(first: 1) { nodes { id } } }'
    const answers: string[] = []
    const ask = async (headers: Record<string, string>, body: string = JSON.stringify({ query })) => {
      const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }
      const response = await fetch(url, init)
      answers.push(await response.text(), JSON.stringify([...response.headers]))
      return response.status
    }
    expect(await ask(bearer(good))).toBe(200)
    expect(await ask(bearer(key))).toBe(200)
    expect(await ask(bearer(bad))).toBe(401)
    expect(await ask(bearer(`${key}x`))).toBe(401)
    expect(await ask(bearer(key), `{"query":"{ broken ${key}"}`.replace(key, ''))).toBe(200)
    await administer('ALTER TABLE jobs RENAME TO mislaid')
    expect(await ask(bearer(key))).toBe(503)
    await administer('ALTER TABLE mislaid RENAME TO jobs')
    // Leaves an idle connection, which is broken below.
    await eventually(async () => expect(await ask(bearer(key))).toBe(200))
    listed.push(processes())
    await administer(`ALTER ROLE ${role} NOLOGIN`)
    await administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`)
    // A request that comes first would find the broken connection itself.
    await eventually(() => expect(program.stdout() + program.stderr()).toContain('idle database connection broke'))
    await ask(bearer(key))
    await administer(`ALTER ROLE ${role} LOGIN`)
    program.process.kill('SIGTERM')
    await program.ended
    const written = program.stdout() + program.stderr()
    // Make sure that there is something to search: requests, refusals, failures.
    expect(written).toContain('request answered')
    expect(written).toContain('authentication failed')
    expect(written).toContain('request failed')
    expect(written).toContain('idle database connection broke')
    // Properties of pg's connections: with these, others could cancel statements.
    expect(written).not.toMatch(/secretKey|processID/)
    expect(answers.join()).toContain('user:ada')
    const secrets = { PASSWORD, JWT_SECRET, key, good, bad, signature: good.split('.')[2] as string }
    for (const [name, secret] of Object.entries(secrets)) {
      for (const [place, text] of Object.entries({
        log: written,
        answers: answers.join('\n'),
        processes: listed.join('\n'),
      })) {
        expect(text.includes(secret), `${name} in ${place}`).toBe(false)
      }
    }
  })

  it('do not appear in the errors of a server that cannot start', async () => {
    const url = new URL(urlWithPassword())
    url.password = `${PASSWORD}-wrong`
    const environments = [
      { DATABASE_URL: url.href.replace('postgres', 'mysql') },
      { AUTH_JWT_SECRET: PASSWORD, AUTH_JWT_ISSUER: 'i', AUTH_JWT_AUDIENCE: 'a' },
      { AUTH_JWT_PUBLIC_KEY: PASSWORD, AUTH_JWKS_URL: `http://${PASSWORD}@evil.example` },
      { DATABASE_URL: `postgresql://${role}:${PASSWORD}@127.0.0.1:1/x` },
    ]
    for (const environment of environments) {
      const program = runProgram('src/main.ts', { ...environment, PORT: '0' })
      expect(await program.ended).toMatchObject({ code: 1 })
      expect(program.stderr()).not.toBe('')
      expect(program.stdout() + program.stderr()).not.toContain(PASSWORD)
    }
  })

  it('do not appear in the list of processes while a key is created', async () => {
    const migrated = await createTestDatabase()
    const { key, seen } = await createKey({ DATABASE_URL: urlWithPassword(migrated) })
    for (const secret of [PASSWORD, key]) expect(seen.includes(secret)).toBe(false)
    await migrated.drop()
  })

  it('do not appear there while a key and the embedded database are created', async () => {
    const dataDir = temporaryDirectory('jobledger-secrets-')
    try {
      const { key, seen } = await createKey({ DATA_DIR: dataDir })
      expect(seen).toContain('initdb')
      const password = readFileSync(join(dataDir, 'password'), 'utf8').trim()
      for (const secret of [password, key]) expect(seen.includes(secret)).toBe(false)
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
})
