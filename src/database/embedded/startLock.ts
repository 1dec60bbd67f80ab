// The lock for starting, taking over or stopping the server of a data directory. Owns the files
// `start-lock.N`. It survives a kill -9 at any moment: the lock of a dead holder is free.
// A dead process's lock file cannot be deleted safely: a second process that also considers it dead
// could delete the lock of the first. So locks are numbered and never deleted by others. The
// highest number counts. A process takes the lock by creating the next number, which only one
// process can do.
import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EmbeddedDatabaseError } from './errors.ts'
import { identifySelf, isAlive, type ProcessIdentity, parseIdentity } from './processIdentity.ts'

const PREFIX = 'start-lock.'
const FREE = 'free'
const POLL_MS = 40
/**
 * Long enough for the holder's crash recovery. A holder that hangs longer is reported, never
 * overridden.
 */
const WAIT_MS = 300_000

/**
 * Runs `work` while no other process runs under the same directory.
 * @throws EmbeddedDatabaseError
 * after `waitMs`
 */
export async function withStartLock<T>(dir: string, work: () => Promise<T>, waitMs = WAIT_MS): Promise<T> {
  const held = await acquire(dir, waitMs)
  try {
    return await work()
  } finally {
    // If it fails, this process holds the lock until it ends. That delays others but is never
    // wrong.
    await replaceFile(held, FREE).catch(() => undefined)
  }
}

async function acquire(dir: string, waitMs: number): Promise<string> {
  const deadline = Date.now() + waitMs
  for (;;) {
    const latest = await latestNumber(dir)
    const holder = await holderOf(dir, latest)
    if (holder === undefined || !isAlive(holder)) {
      const held = await create(dir, latest + 1)
      if (held !== undefined) return held
    } else if (Date.now() > deadline) {
      throw new EmbeddedDatabaseError(
        `Process ${holder.pid} has been starting the database in ${dir} for ${waitMs / 1000} ` +
          's: wait for it or stop it.',
      )
    } else {
      await sleep(POLL_MS)
    }
  }
}

async function create(dir: string, number: number): Promise<string | undefined> {
  const lock = join(dir, `${PREFIX}${number}`)
  const draft = join(dir, `.${PREFIX}${randomUUID()}`)
  // A link, unlike an exclusive open, appears together with its content: no reader sees a lock
  // without its holder.
  await writeFile(draft, JSON.stringify(identifySelf()), { mode: 0o600 })
  try {
    await link(draft, lock)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  } finally {
    await rm(draft, { force: true })
  }
  if ((await latestNumber(dir)) !== number) {
    // Other processes took and released the lock meanwhile and removed this number, so it is not
    // the latest.
    await rm(lock, { force: true })
    return undefined
  }
  await clearBelow(dir, number - 1)
  return lock
}

async function latestNumber(dir: string): Promise<number> {
  return Math.max(0, ...(await lockNumbers(dir)))
}

async function lockNumbers(dir: string): Promise<number[]> {
  const names = (await readdir(dir)).filter((name) => name.startsWith(PREFIX))
  return names.map((name) => Number(name.slice(PREFIX.length))).filter(Number.isSafeInteger)
}

async function holderOf(dir: string, number: number): Promise<ProcessIdentity | undefined> {
  try {
    return parseIdentity(await readFile(join(dir, `${PREFIX}${number}`), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Keeps the previous number, so that a slow reader of the directory always finds one. */
async function clearBelow(dir: string, number: number): Promise<void> {
  for (const old of await lockNumbers(dir)) {
    if (old < number) await rm(join(dir, `${PREFIX}${old}`), { force: true })
  }
}

/** Writes a file atomically: a reader finds the old content or the new, never a part. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, content, { mode: 0o600 })
  await rename(draft, path)
}
