// The server as a person runs it: real processes, signals, and the sentences of every failure that
// is to be expected.
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { sendOperation } from '../src/client/sendOperation.ts'
import { dataPaths } from '../src/database/embedded/dataPaths.ts'
import { readPostmasterFile } from '../src/database/embedded/runningServer.ts'
import { startEmbedded } from '../src/database/embedded/startEmbedded.ts'
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './support/database.ts'
import { endPrograms, type Program, runProgram } from './support/program.ts'
import { temporaryDirectory } from './support/temporaryDirectory.ts'
import { onServer } from './support/testRun.ts'

const dataDir = temporaryDirectory('jobledger-main-')
const databases: TestDatabase[] = []

afterEach(async () => {
  await endPrograms()
  for (const database of databases.splice(0)) await database.drop()
})

afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

async function makeDatabase(options?: TestDatabaseOptions): Promise<TestDatabase> {
  const database = await createTestDatabase(options)
  databases.push(database)
  return database
}

/** On a database that may be shared, a server is open only if it is set to be. */
function startMain(environment: Record<string, string>): Program {
  const open = environment.DATABASE_URL !== undefined && environment.AUTH === undefined
  return runProgram('src/main.ts', { PORT: '0', ...(open && { AUTH: 'open' }), ...environment })
}

async function urlOf(program: Program): Promise<string> {
  const [, url] = await program.says(/listens on (http:\/\/localhost:\d+\/graphql)/)
  return url ?? ''
}

async function createJob(url: string, content: string): Promise<void> {
  const query = 'mutation ($content: String!) { createJob(input: { content: $content }) { __typename } }'
  const { data } = await sendOperation(url, { query, variables: { content } })
  expect(data).toEqual({ createJob: { __typename: 'CreateJobSuccess' } })
}

async function contents(url: string): Promise<string[]> {
  const query = '{ jobs(orderBy: { field: CREATED_AT, direction: ASC }) { nodes { content } } }'
  const { data } = await sendOperation<{ jobs: { nodes: { content: string }[] } }>(url, { query })
  return data.jobs.nodes.map((job) => job.content)
}

function databaseServerRuns(): boolean {
  const pid = readPostmasterFile(dataPaths(dataDir))?.pid
  try {
    return pid !== undefined && process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The program ended with exit code 1, and all it said on stderr is one line for people. */
async function sentenceOf(program: Program): Promise<string> {
  expect(await program.ended).toEqual({ code: 1, signal: null })
  const lines = program.stderr().trim().split('\n')
  expect(lines).toHaveLength(1)
  expect(program.stderr() + program.stdout()).not.toMatch(/^\s+at /m)
  return lines[0] ?? ''
}

describe('without DATABASE_URL', () => {
  it('keeps its data through SIGTERM, Ctrl-C and kill -9, and leaves no database server behind', {
    timeout: 120_000,
  }, async () => {
    const first = startMain({ DATA_DIR: dataDir })
    await first.says(
      /access control is off \(only this machine can reach it, .*every caller is user:dev with the roles USER, WORKER/,
    )
    const url = await urlOf(first)
    expect(first.stdout()).toContain(`Its data is in ${dataDir} `)
    expect((await fetch(new URL('/readyz', url))).status).toBe(200)
    await createJob(url, 'first')
    expect(databaseServerRuns()).toBe(true)
    first.process.kill('SIGTERM')
    expect(await first.ended).toEqual({ code: 0, signal: null })
    expect(databaseServerRuns()).toBe(false)

    const second = startMain({ DATA_DIR: dataDir })
    const secondUrl = await urlOf(second)
    expect(await contents(secondUrl)).toEqual(['first'])
    await createJob(secondUrl, 'second')
    second.process.kill('SIGKILL')
    await second.ended
    expect(databaseServerRuns()).toBe(true)

    const third = startMain({ DATA_DIR: dataDir })
    expect(await contents(await urlOf(third))).toEqual(['first', 'second'])
    third.process.kill('SIGINT')
    expect(await third.ended).toEqual({ code: 0, signal: null })
    expect(databaseServerRuns()).toBe(false)
    expect([first, second, third].map((program) => program.stderr())).toEqual(['', '', ''])
  })

  it('says why when the data directory cannot be used', async () => {
    const file = join(dataDir, 'a-file')
    writeFileSync(file, '')
    expect(await sentenceOf(startMain({ DATA_DIR: join(file, 'data') }))).toMatch(
      /data directory .*a-file.*set DATA_DIR/,
    )
  })
})

describe('with DATABASE_URL', () => {
  it('serves that database, and as JSON lines in production', async () => {
    const { url } = await makeDatabase()
    const program = startMain({ DATABASE_URL: url, NODE_ENV: 'production', AUTH: 'open' })
    const [line] = await program.says(/.*"listening".*/)
    const entry = JSON.parse(line)
    expect(await contents(entry.url)).toEqual([])
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    for (const text of program.stdout().trim().split('\n')) expect(JSON.parse(text)).toHaveProperty('level')
    if (new URL(url).password) expect(program.stdout()).not.toContain(new URL(url).password)
  })

  it('does not start where others could do everything, unless that was asked for', { timeout: 60_000 }, async () => {
    const { url } = await makeDatabase()
    const unprotected = [{ NODE_ENV: 'production' }, { HOST: '0.0.0.0' }, { DATABASE_URL: url }]
    const programs = unprotected.map((environment) => startMain({ AUTH: '', ...environment }))
    for (const program of programs) {
      expect(await sentenceOf(program)).toMatch(
        /^AUTH is not set and no key is, but .*: set one of AUTH_JWT_SECRET, .*AUTH=open/,
      )
    }
  })

  it('says that it is open, or that no key exists yet', async () => {
    const { url } = await makeDatabase()
    const says = async (environment: Record<string, string>, pattern: RegExp) => {
      const program = startMain({ DATABASE_URL: url, ...environment })
      await program.says(pattern)
      program.process.kill('SIGTERM')
      await program.ended
    }
    await says({ AUTH: 'open', NODE_ENV: 'production' }, /access control is off \(AUTH is open\)/)
    await says({ AUTH: 'required' }, /no API key and no token key exists/)
  })

  it('names the migrations that are missing, and how to apply them', async () => {
    const { url } = await makeDatabase({ empty: true })
    expect(await sentenceOf(startMain({ DATABASE_URL: url }))).toMatch(
      /behind.*npx prisma migrate deploy.*_tables.*_guards/,
    )
  })

  it('names a migration that this version does not know', async () => {
    const { url } = await makeDatabase()
    await onServer(url, (client) =>
      client.query(`INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
        VALUES ('x', 'x', '20990101000000_from_the_future', now(), now(), 1)`),
    )
    expect(await sentenceOf(startMain({ DATABASE_URL: url }))).toContain('20990101000000_from_the_future')
  })

  it('says that no server answers there', async () => {
    const sentence = await sentenceOf(startMain({ DATABASE_URL: 'postgresql://user:geheim@127.0.0.1:1/name' }))
    expect(sentence).toMatch(/No database server responds at 127\.0\.0\.1:1 .*DATABASE_URL/)
    expect(sentence).not.toContain('geheim')
  })

  it('says that the database does not exist', async () => {
    const url = new URL((await makeDatabase()).url)
    url.pathname = '/not_there'
    expect(await sentenceOf(startMain({ DATABASE_URL: url.href }))).toMatch(
      /There is no database not_there at .*CREATE DATABASE/,
    )
  })

  it('says that the database has another encoding', async () => {
    const url = new URL((await makeDatabase()).url)
    const name = `${url.pathname.slice(1)}_latin1`
    await onServer(url.href, (client) =>
      client.query(
        `CREATE DATABASE ${name} TEMPLATE template0 ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc`,
      ),
    )
    url.pathname = `/${name}`
    try {
      expect(await sentenceOf(startMain({ DATABASE_URL: url.href }))).toMatch(
        /The database at .* has the encoding LATIN1; UTF8 is needed: create it with ENCODING 'UTF8'\./,
      )
    } finally {
      url.pathname = '/postgres'
      await onServer(url.href, (client) => client.query(`DROP DATABASE ${name}`))
    }
  })

  it('says that the password is wrong', { timeout: 60_000 }, async () => {
    const server = await startEmbedded({ dataDir, log: { info: () => undefined, warn: () => undefined } })
    try {
      const url = new URL(server.url)
      url.password = 'geheim'
      const sentence = await sentenceOf(startMain({ DATABASE_URL: url.href }))
      expect(sentence).toMatch(/does not accept the password of user \w+/)
      expect(sentence).not.toContain('geheim')
    } finally {
      await server.stop()
    }
  })
})

describe('at the start', () => {
  it('says that the port is taken', async () => {
    const { url } = await makeDatabase()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    try {
      expect(await sentenceOf(startMain({ DATABASE_URL: url, PORT: String(port) }))).toMatch(
        new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is already in use\\. .* set PORT`),
      )
    } finally {
      other.close()
    }
  })

  it('says what is wrong with a setting', async () => {
    expect(await sentenceOf(startMain({ PORT: 'http' }))).toBe('PORT must be an integer from 0 to 65535 (got "http").')
  })
})

describe('a second signal', () => {
  it('ends the process although a request is running, unless it is the echo of the first', async () => {
    const { url } = await makeDatabase()
    // Nothing but the request waits for the table.
    const program = startMain({ DATABASE_URL: url, ROLLUP_INTERVAL_SECONDS: '0', MAINTENANCE_INTERVAL_SECONDS: '0' })
    const endpoint = await urlOf(program)
    await onServer(url, async (client) => {
      await client.query('BEGIN; LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE')
      const answer = contents(endpoint).catch((error: Error) => error)
      const waiting = async (): Promise<number> =>
        (
          await client.query(
            'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
          )
        ).rows[0].n
      await expect.poll(waiting).toBe(1)
      program.process.kill('SIGTERM')
      await program.says(/finishing running requests/)
      const asked = performance.now()
      // The first of these come at once, as npm sends them; a person needs longer.
      await expect.poll(() => program.process.kill('SIGTERM'), { interval: 100, timeout: 8000 }).toBe(false)
      expect(performance.now() - asked).toBeGreaterThan(500)
      expect(await program.ended).toEqual({ code: 143, signal: null })
      expect(await answer).toBeInstanceOf(Error)
    })
  })
})
