// The life cycle of the embedded database with several processes that start, meet and are killed.

import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import process from 'node:process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dataPaths } from '../../src/database/embedded/dataPaths.ts'
import { signalPostmaster, stopPostmaster } from '../../src/database/embedded/postmaster.ts'
import { identify, isAlive, type ProcessIdentity } from '../../src/database/embedded/processIdentity.ts'
import { readPostmasterFile, runningEmbeddedUrl } from '../../src/database/embedded/runningServer.ts'
import { type EmbeddedOwner, endOwners, spawnOwner, startOwner } from '../support/embeddedOwner.ts'
import { type EmbeddedSeed, makeEmbeddedSeed } from '../support/embeddedSeed.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'
import { onServer } from '../support/testRun.ts'

let seed: EmbeddedSeed
let dir: string
beforeAll(async () => {
  seed = await makeEmbeddedSeed()
})
afterAll(() => seed.remove())
beforeEach(() => {
  dir = temporaryDirectory('jobledger-embedded-')
})
afterEach(async () => {
  await endOwners()
  const server = postmaster()
  if (server !== undefined) await stopPostmaster(server)
  await rm(dir, { recursive: true, force: true, maxRetries: 5 })
})

const start = (): Promise<EmbeddedOwner> => startOwner({ words: [dir, seed.systemDir] })

/** The living postmaster in postmaster.pid. */
function postmaster(): ProcessIdentity | undefined {
  const file = readPostmasterFile(dataPaths(dir))
  return file === undefined ? undefined : identify(file.pid)
}

function livingPostmaster(): ProcessIdentity {
  const server = postmaster()
  if (server === undefined) throw new Error('No postmaster is running.')
  return server
}

async function writeNote(url: string, text: string): Promise<void> {
  await onServer(url, async (client) => {
    await client.query('CREATE TABLE IF NOT EXISTS notes (text text)')
    await client.query('INSERT INTO notes VALUES ($1)', [text])
  })
}

async function readNotes(url: string): Promise<string[]> {
  const { rows } = await onServer(url, (client) => client.query<{ text: string }>('SELECT text FROM notes ORDER BY 1'))
  return rows.map(({ text }) => text)
}

describe('the first start', () => {
  it('creates a UTF-8 database in UTC, with a password that only its user can read', async () => {
    const owner = await start()
    expect(owner.owned).toBe(true)
    const { rows } = await onServer(owner.url, (client) =>
      client.query(
        `SELECT current_database() AS database, current_user AS "user", current_setting('TimeZone') AS zone,
                current_setting('server_encoding') AS encoding, upper('é') AS upper`,
      ),
    )
    expect(rows).toEqual([{ database: 'jobledger', user: 'jobledger', zone: 'UTC', encoding: 'UTF8', upper: 'É' }])
    const forged = new URL(owner.url)
    forged.password = 'guess'
    await expect(onServer(forged.href, async () => undefined)).rejects.toMatchObject({ code: '28P01' })
  })
})

describe('a second start', () => {
  it('finds the data of the first', async () => {
    const first = await start()
    await writeNote(first.url, 'kept')
    await first.end('SIGTERM')
    const second = await start()
    expect(second.owned).toBe(true)
    expect(await readNotes(second.url)).toEqual(['kept'])
  })

  it('takes over the server that a kill -9 of the first left running', async () => {
    seed.plantIn(dir)
    const first = await start()
    await writeNote(first.url, 'kept')
    const server = livingPostmaster()
    await first.end('SIGKILL')
    expect(isAlive(server)).toBe(true)
    const second = await start()
    expect(second).toMatchObject({ owned: true, url: first.url })
    expect(second.errors()).toContain('took over the database')
    expect(await readNotes(second.url)).toEqual(['kept'])
    await second.end('SIGTERM')
    expect(isAlive(server)).toBe(false)
  })

  it('finds the data after a kill -9 of the owner and of the server', async () => {
    seed.plantIn(dir)
    const first = await start()
    await writeNote(first.url, 'kept')
    const server = livingPostmaster()
    await first.end('SIGKILL')
    signalPostmaster(server, 'SIGKILL')
    const second = await start()
    expect(second.owned).toBe(true)
    expect(livingPostmaster()).not.toEqual(server)
    expect(await readNotes(second.url)).toEqual(['kept'])
  })

  it('joins the server of the living owner, and does not stop it', async () => {
    seed.plantIn(dir)
    const owner = await start()
    const guest = await start()
    expect(guest).toMatchObject({ owned: false, url: owner.url })
    await guest.end('SIGTERM')
    await writeNote(owner.url, 'still served')
    expect(await readNotes(owner.url)).toEqual(['still served'])
  })

  it('succeeds after a kill -9 in the middle of the first initdb', async () => {
    const { process: first, ready } = spawnOwner({ words: [dir, seed.systemDir] })
    const failed = expect(ready).rejects.toThrow()
    await expect
      .poll(() => readdirSync(dir).some((name) => name.startsWith('initdb-')), { interval: 5, timeout: 15_000 })
      .toBe(true)
    first.kill('SIGKILL')
    await failed
    expect(readdirSync(dir)).not.toContain('postgres')
    const second = await start()
    expect(second.owned).toBe(true)
    await writeNote(second.url, 'fresh')
  })
})

describe('concurrent starts', () => {
  it('create one database with one owner in a fresh directory', async () => {
    const all = await Promise.all([start(), start(), start()])
    expect(all.filter(({ owned }) => owned)).toHaveLength(1)
    expect(new Set(all.map(({ url }) => url)).size).toBe(1)
  })

  it('give one owner to a server that was left running', async () => {
    seed.plantIn(dir)
    const killed = await start()
    await killed.end('SIGKILL')
    const all = await Promise.all([start(), start(), start()])
    expect(all.filter(({ owned }) => owned)).toHaveLength(1)
    expect(new Set(all.map(({ url }) => url))).toEqual(new Set([killed.url]))
  })
})

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('of an owner by %s is the end of its server first', async (signal) => {
    seed.plantIn(dir)
    const owner = await start()
    const server = livingPostmaster()
    expect(runningEmbeddedUrl(dir)).toBe(owner.url)
    await owner.end(signal)
    expect(owner.process.exitCode).toBe(0)
    expect(isAlive(server)).toBe(false)
    expect(runningEmbeddedUrl(dir)).toBeUndefined()
    await expect(onServer(owner.url, async () => undefined)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('of a process that exits without stop() stops the server too', async () => {
    seed.plantIn(dir)
    const owner = await start()
    const server = livingPostmaster()
    await owner.end('SIGHUP')
    await expect.poll(() => isAlive(server), { timeout: 10_000 }).toBe(false)
  })

  it.runIf(process.platform === 'linux')('by Ctrl-C does not reach the server before its owner decides', async () => {
    seed.plantIn(dir)
    const owner = await start()
    expect(processGroup(livingPostmaster().pid)).not.toBe(processGroup(owner.process.pid ?? 0))
  })
})

function processGroup(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]
}
