// The embedded database on damaged, foreign or stale directories. It continues if that is safe.
// Otherwise it says in one sentence what to do.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dataPaths } from '../../src/database/embedded/dataPaths.ts'
import { EmbeddedDatabaseError } from '../../src/database/embedded/errors.ts'
import { signalPostmaster } from '../../src/database/embedded/postmaster.ts'
import { identify, identifySelf, isAlive } from '../../src/database/embedded/processIdentity.ts'
import { readPostmasterFile, runningEmbeddedUrl } from '../../src/database/embedded/runningServer.ts'
import { serverAccount } from '../../src/database/embedded/serverAccount.ts'
import { type EmbeddedServer, startEmbedded } from '../../src/database/embedded/startEmbedded.ts'
import { type EmbeddedSeed, makeEmbeddedSeed } from '../support/embeddedSeed.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'
import { onServer } from '../support/testRun.ts'

const FAST = { fsync: 'off' }
let seed: EmbeddedSeed
let dir: string
let warnings: string[]
let servers: EmbeddedServer[]
let bystanders: ChildProcess[]

beforeAll(async () => {
  seed = await makeEmbeddedSeed()
})
afterAll(() => seed.remove())
beforeEach(() => {
  dir = temporaryDirectory('jobledger-embedded-')
  ;[warnings, servers, bystanders] = [[], [], []]
})
afterEach(async () => {
  for (const server of servers) await server.stop()
  for (const bystander of bystanders) bystander.kill('SIGKILL')
  await rm(dir, { recursive: true, force: true, maxRetries: 5 })
})

async function start(settings: Record<string, string> = FAST, dataDir = dir): Promise<EmbeddedServer> {
  const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) }
  const server = await startEmbedded({ dataDir, systemDir: seed.systemDir, settings, log })
  servers.push(server)
  return server
}

async function refusal(settings?: Record<string, string>, dataDir?: string): Promise<string> {
  const error = await start(settings, dataDir).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(EmbeddedDatabaseError)
  const { message } = error as EmbeddedDatabaseError
  expect(message).toMatch(/^[A-Z/].*\.$/s)
  expect(message).not.toContain('\n')
  return message
}

describe('what was left behind', () => {
  it('by an incomplete initdb is removed', async () => {
    await mkdir(join(dir, 'initdb-0123', 'base'), { recursive: true })
    await writeFile(join(dir, 'initdb-0123', 'PG_VERSION'), '18\n')
    await start()
    expect((await readdir(dir)).filter((name) => name.startsWith('initdb-'))).toEqual([])
  })

  it('as an empty directory is used', async () => {
    await mkdir(dataPaths(dir).cluster)
    expect((await start()).owned).toBe(true)
  })

  it('as a postmaster.pid with the pid of another living process is ignored, and that process survives', async () => {
    const { cluster } = dataPaths(dir)
    seed.plantIn(dir)
    await start()
    const pidFile = await readFile(join(cluster, 'postmaster.pid'), 'utf8')
    await servers[0]?.stop()
    // Owned by the server's user, because PostgreSQL ignores other files. Our path is among its
    // arguments.
    const sleep = spawn('/bin/sh', ['-c', 'sleep 60; :', cluster], {
      ...serverAccount(undefined),
      cwd: '/',
      stdio: 'ignore',
    })
    bystanders.push(sleep)
    await writeFile(join(cluster, 'postmaster.pid'), pidFile.replace(/^\d+/, String(sleep.pid)))
    expect(runningEmbeddedUrl(dir)).toBeUndefined()
    expect((await start()).owned).toBe(true)
    expect(readPostmasterFile(dataPaths(dir))?.pid).not.toBe(sleep.pid)
    await servers[1]?.stop()
    expect(sleep.exitCode ?? sleep.signalCode).toBeNull()
  })

  it('as the identity of a dead owner whose pid was reused does not make a start join', async () => {
    seed.plantIn(dir)
    const first = await start()
    await writeFile(dataPaths(dir).owner, JSON.stringify({ pid: process.pid, startedAt: 'before this boot' }))
    expect(await start()).toMatchObject({ owned: true, url: first.url })
  })

  it('as the identity of a living owner makes a start join', async () => {
    seed.plantIn(dir)
    await start()
    await writeFile(dataPaths(dir).owner, JSON.stringify(identifySelf()))
    expect((await start()).owned).toBe(false)
  })
})

describe('a server that dies under its living owner', () => {
  it('is reported, and the next start recovers the data', async () => {
    seed.plantIn(dir)
    const first = await start({})
    await onServer(first.url, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS one'))
    const pid = readPostmasterFile(dataPaths(dir))?.pid ?? 0
    const server = identify(pid)
    if (server !== undefined) signalPostmaster(server, 'SIGKILL')
    await expect.poll(() => warnings, { timeout: 10_000 }).toEqual([expect.stringContaining('ended (SIGKILL)')])
    expect(runningEmbeddedUrl(dir)).toBeUndefined()
    const second = await start({})
    expect(second.owned).toBe(true)
    const { rows } = await onServer(second.url, (client) => client.query('SELECT one FROM kept'))
    expect(rows).toEqual([{ one: 1 }])
  })
})

describe('a refusal', () => {
  it('names both versions when the data belongs to another version of PostgreSQL', async () => {
    seed.plantIn(dir)
    await writeFile(join(dataPaths(dir).cluster, 'PG_VERSION'), '17\n')
    expect(await refusal()).toMatch(/written by PostgreSQL 17 and the embedded one is 18: .*DATA_DIR/)
  })

  it('names a data directory that cannot be created, and does not retry without end', async () => {
    expect(await refusal({}, '/proc/jobledger')).toMatch(
      /^The embedded database cannot use the data directory \/proc\/jobledger \(.*\): make it usable, or set DATA_DIR/,
    )
  })

  it('names the log and its reason when the server does not start', async () => {
    seed.plantIn(dir)
    const message = await refusal({ shared_buffers: 'nonsense' })
    expect(message).toMatch(/did not start \(.*FATAL: .*shared_buffers.*\)/)
    expect(message).toContain(dataPaths(dir).log)
  })

  it('leaves a directory that is not ours unchanged', async () => {
    await mkdir(dataPaths(dir).cluster)
    await writeFile(join(dataPaths(dir).cluster, 'thesis.txt'), 'years of work')
    expect(await refusal()).toContain('is not a PostgreSQL data directory: move it away')
    expect(await readFile(join(dataPaths(dir).cluster, 'thesis.txt'), 'utf8')).toBe('years of work')
  })

  it('names the password file when it is missing or wrong', async () => {
    seed.plantIn(dir)
    await rm(dataPaths(dir).password)
    expect(await refusal()).toContain(`is missing (${dataPaths(dir).password})`)
    await writeFile(dataPaths(dir).password, 'guess\n')
    expect(await refusal()).toContain('does not accept the password')
  })

  it('names the directory when it cannot be created', async () => {
    await writeFile(join(dir, 'file'), '')
    const message = await refusal({}, join(dir, 'file', 'below'))
    expect(message).toContain(`cannot use the data directory ${join(dir, 'file', 'below')} (E`)
  })
})

describe('identify', () => {
  it('distinguishes a process from a later one with its pid', () => {
    const self = identifySelf()
    expect(isAlive(self)).toBe(true)
    expect(isAlive({ ...self, startedAt: 'before this boot' })).toBe(false)
  })

  it('counts a zombie as dead', async () => {
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    bystanders.push(parent)
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))))
    expect(identify(pid)).toBeDefined()
    await expect.poll(() => identify(pid), { timeout: 5_000 }).toBeUndefined()
    expect(process.kill(pid, 0)).toBe(true)
  })
})

describe('the files', () => {
  it('of password and log are accessible to their user only', async () => {
    await start()
    const { password, log } = dataPaths(dir)
    for (const file of [password, log]) expect((await stat(file)).mode & 0o777).toBe(0o600)
  })
})
