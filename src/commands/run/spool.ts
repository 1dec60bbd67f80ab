// The spool: a directory with one file for each outcome that awaits delivery. A process claims a
// file by renaming it; claims of processes that have died are free. Files with other names are left
// alone, and links are not followed.
import { createHash, randomUUID } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { identify, identifySelf } from '../../database/embedded/processIdentity.ts'
import { RUN_RECORD, type RunRecord } from './runRecord.ts'

/** The spool cannot be used. The message is a sentence. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError'
}

/** An outcome that this process has claimed. */
export interface SpooledRun {
  readonly name: string
  readonly record: RunRecord
}

/**
 * `<name>.json` awaits delivery, `<name>.claimed.<process>` is being delivered,
 * `<name>.writing.<process>` is being written.
 */
const WAITING = '.json'
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const NAME = `\\d{8}T\\d{9}Z-${UUID}`
const OF_PROCESS = '(?<pid>\\d+)-(?<start>[0-9a-f]{16})'
const WAITING_FILE = new RegExp(`^(?<name>${NAME})\\.json$`)
const CLAIMED_FILE = new RegExp(`^(?<name>${NAME})\\.claimed\\.${OF_PROCESS}$`)
const DRAFT_FILE = new RegExp(`^${UUID}\\.writing\\.${OF_PROCESS}$`)

const PRIVATE_DIR = 0o700
const PRIVATE_FILE = 0o600
const WRITABLE_BY_OTHERS = 0o022

export class Spool {
  readonly dir: string
  private readonly self = ownMark()

  constructor(dir: string) {
    this.dir = dir
  }

  get refusedDir(): string {
    return join(this.dir, 'refused')
  }

  /**
   * Stores an outcome, already claimed. Once this resolves, the outcome survives a crash of the
   * machine.
   *
   * @throws SpoolError
   */
  async add(record: RunRecord): Promise<SpooledRun> {
    return this.using(async () => {
      await makePrivate(this.dir)
      // The name sorts by age.
      const name = `${record.endedAt.replaceAll(/[-:.]/g, '')}-${record.key}`
      await this.write(this.dir, this.claimed(name), record)
      return { name, record }
    })
  }

  /**
   * Releases a claim, so that another run can deliver the outcome. Returns the path of the file.
   *
   * @throws SpoolError
   */
  async putBack({ name }: SpooledRun): Promise<string> {
    const path = this.pathOf(name + WAITING)
    await this.using(() => rename(this.pathOf(this.claimed(name)), path))
    return path
  }

  /** Removes a delivered outcome. @throws SpoolError */
  async remove({ name }: SpooledRun): Promise<void> {
    await this.using(() => rm(this.pathOf(this.claimed(name)), { force: true }))
  }

  /**
   * Moves an outcome and the reason of its refusal to `refusedDir`, and returns the path.
   *
   * @throws SpoolError
   */
  async refuse(spooled: SpooledRun, refusal: string): Promise<string> {
    return this.using(async () => {
      await makePrivate(this.refusedDir)
      await this.write(this.refusedDir, spooled.name + WAITING, { ...spooled.record, refusal })
      await this.remove(spooled)
      return join(this.refusedDir, spooled.name + WAITING)
    })
  }

  /**
   * Claims the unclaimed outcomes for a server one by one, oldest first. Files that cannot be
   * claimed are yielded as UnusableFile and left in place. `except` is the key of a run to skip.
   *
   * @throws SpoolError if the spool cannot be read
   */
  async *claimAll(url: string, except: string): AsyncGenerator<SpooledRun | UnusableFile> {
    for (const file of (await this.using(() => this.list())).sort()) {
      if (file.includes(except)) continue
      const spooled = await this.claim(file, url).catch((error: Error) => ({
        fault: `${this.pathOf(file)} cannot be delivered: ${error.message}.`,
      }))
      if (spooled) yield spooled
    }
  }

  private async list(): Promise<string[]> {
    try {
      await checkPrivate(this.dir)
      return await readdir(this.dir)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  }

  private async claim(file: string, url: string): Promise<SpooledRun | UnusableFile | undefined> {
    const status = statusOf(file)
    if (status === undefined) return undefined
    const path = this.pathOf(file)
    try {
      if (status.name === undefined) {
        if ((await lstat(path)).isFile()) await rm(path, { force: true })
        return undefined
      }
      const { name } = status
      // Read before claiming: a file for another server must not change.
      const record = RUN_RECORD.safeParse(await readJson(path)).data
      if (record !== undefined && record.url !== url) return undefined
      await rename(path, this.pathOf(this.claimed(name)))
      return record === undefined ? await this.setAside(name) : { name, record }
    } catch (error) {
      // Another run has claimed it.
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** Moves an unreadable file away, so that it is not found again. */
  private async setAside(name: string): Promise<UnusableFile> {
    await makePrivate(this.refusedDir)
    const path = join(this.refusedDir, name + WAITING)
    await rename(this.pathOf(this.claimed(name)), path)
    return { fault: `a spool file does not contain an outcome; it was moved to ${path}.` }
  }

  /** Writes to a temporary name first, so that no process reads an incomplete file. */
  private async write(dir: string, file: string, content: object): Promise<void> {
    const draft = this.pathOf(`${randomUUID()}.writing.${this.self}`)
    try {
      const handle = await open(draft, 'wx', PRIVATE_FILE)
      try {
        await handle.writeFile(JSON.stringify(content))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(draft, join(dir, file))
      await syncDirectory(dir)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }

  private claimed(name: string): string {
    return `${name}.claimed.${this.self}`
  }

  private pathOf(file: string): string {
    return join(this.dir, file)
  }

  private async using<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof SpoolError) throw error
      throw new SpoolError(`The spool ${this.dir} cannot be used: ${(error as Error).message}.`, { cause: error })
    }
  }
}

/** A file that cannot be delivered. */
export interface UnusableFile {
  /** A sentence with the fault and the path. */
  readonly fault: string
}

/**
 * Classifies a file that may be claimed: an outcome with a name, or an abandoned draft without one;
 * undefined for other files.
 */
function statusOf(file: string): { readonly name?: string | undefined } | undefined {
  const waiting = WAITING_FILE.exec(file)
  if (waiting) return { name: waiting.groups?.name }
  const { name, pid, start } = (CLAIMED_FILE.exec(file) ?? DRAFT_FILE.exec(file))?.groups ?? {}
  return pid === undefined || markOf(Number(pid)) === `${pid}-${start}` ? undefined : { name }
}

/**
 * The JSON of a file; undefined if it is invalid.
 *
 * @throws Error if it is a link, not a regular file, or of another user
 */
async function readJson(path: string): Promise<unknown> {
  // Non-blocking, because opening a pipe would wait for a writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error) => {
    throw codeOf(error) === 'ELOOP' ? new Error('it is a symbolic link') : error
  })
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new Error('it is not a regular file')
    if (!isOurs(stats)) throw new Error('it belongs to another user')
    return JSON.parse(await handle.readFile('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  } finally {
    await handle.close()
  }
}

// Processes of other machines and containers that share the directory count as dead. Then an
// outcome may be delivered twice at once, which is harmless because each step is idempotent.

function ownMark(): string {
  const { pid, startedAt } = identifySelf()
  return `${pid}-${shortHash(startedAt)}`
}

function markOf(pid: number): string | undefined {
  const identity = identify(pid)
  return identity && `${pid}-${shortHash(identity.startedAt)}`
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

async function makePrivate(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: PRIVATE_DIR })
  await checkPrivate(dir)
}

/** A user who can write here or replace the directory could create jobs in our name. */
async function checkPrivate(dir: string): Promise<void> {
  const stats = await lstat(dir)
  if (!stats.isDirectory()) throw new SpoolError(`The spool ${dir} must be a directory, not a link or a file.`)
  if (!isOurs(stats) || (stats.mode & WRITABLE_BY_OTHERS) !== 0)
    throw new SpoolError(`The spool ${dir} must belong to the user who runs this, and must not be writable by others.`)
}

function isOurs({ uid }: Stats): boolean {
  return uid === (process.getuid?.() ?? uid)
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
