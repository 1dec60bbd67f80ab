// The outcomes that wait for the server: a directory with one file for each. Who delivers an outcome claims its file by renaming it;
// the claim of a process that is gone, killed in the middle of a delivery, is free. Knows nothing of how they are delivered. Files with
// other names belong to somebody else and are not touched; no link is followed.
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

/** An outcome that this process, and no other, is about to deliver. */
export interface SpooledRun {
  readonly name: string
  readonly record: RunRecord
}

/** `<name>.json` waits; `<name>.claimed.<process>` is being delivered, `<name>.writing.<process>` being written. */
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

  /** Keeps an outcome, already claimed: when this resolves, it outlives a crash of the machine. @throws SpoolError */
  async add(record: RunRecord): Promise<SpooledRun> {
    return this.using(async () => {
      await makePrivate(this.dir)
      // The oldest come first in the order of their names.
      const name = `${record.endedAt.replaceAll(/[-:.]/g, '')}-${record.key}`
      await this.write(this.dir, this.claimed(name), record)
      return { name, record }
    })
  }

  /** Ends a claim: another run may deliver it. Returns the path of the file. @throws SpoolError */
  async putBack({ name }: SpooledRun): Promise<string> {
    const path = this.pathOf(name + WAITING)
    await this.using(() => rename(this.pathOf(this.claimed(name)), path))
    return path
  }

  /** Forgets an outcome that was delivered. @throws SpoolError */
  async remove({ name }: SpooledRun): Promise<void> {
    await this.using(() => rm(this.pathOf(this.claimed(name)), { force: true }))
  }

  /** Puts an outcome, with the reason, where no run delivers it, and returns the path. @throws SpoolError */
  async refuse(spooled: SpooledRun, refusal: string): Promise<string> {
    return this.using(async () => {
      await makePrivate(this.refusedDir)
      await this.write(this.refusedDir, spooled.name + WAITING, { ...spooled.record, refusal })
      await this.remove(spooled)
      return join(this.refusedDir, spooled.name + WAITING)
    })
  }

  /**
   * Claims the outcomes for a server that nobody else delivers, one after the other, the oldest first. What cannot be claimed is told
   * and left where it is. `except` is the key of a run that is left out. @throws SpoolError if there is no looking into the spool
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
      // Read first: a file for another server stays as it is.
      const record = RUN_RECORD.safeParse(await readJson(path)).data
      if (record !== undefined && record.url !== url) return undefined
      await rename(path, this.pathOf(this.claimed(name)))
      return record === undefined ? await this.setAside(name) : { name, record }
    } catch (error) {
      // Another run was faster.
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** What nobody can read must not be found again and again. */
  private async setAside(name: string): Promise<UnusableFile> {
    await makePrivate(this.refusedDir)
    const path = join(this.refusedDir, name + WAITING)
    await rename(this.pathOf(this.claimed(name)), path)
    return { fault: `a file of the spool holds no outcome; it is now ${path}.` }
  }

  /** Under another name first, so that nobody ever finds half of it. */
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

/** Something in the spool that cannot be delivered. */
export interface UnusableFile {
  /** What is wrong with it, and where it is: a sentence. */
  readonly fault: string
}

/** What a file that may be taken is: an outcome of this name, or half of one, which has none; undefined if it is neither. */
function statusOf(file: string): { readonly name?: string | undefined } | undefined {
  const waiting = WAITING_FILE.exec(file)
  if (waiting) return { name: waiting.groups?.name }
  const { name, pid, start } = (CLAIMED_FILE.exec(file) ?? DRAFT_FILE.exec(file))?.groups ?? {}
  return pid === undefined || markOf(Number(pid)) === `${pid}-${start}` ? undefined : { name }
}

/** The JSON in a file; undefined if it holds none. @throws Error if it is a link, no regular file, or not ours */
async function readJson(path: string): Promise<unknown> {
  // Without waiting: a pipe would keep whoever opens it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error) => {
    throw codeOf(error) === 'ELOOP' ? new Error('it is a symbolic link') : error
  })
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new Error('it is no regular file')
    if (!isOurs(stats)) throw new Error('it belongs to another user')
    return JSON.parse(await handle.readFile('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  } finally {
    await handle.close()
  }
}

// Processes of other machines and containers that share the directory count as gone. Then an outcome may be delivered twice at once,
// which is wasted work and nothing worse: each step of a delivery happens once.

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

/** Whoever can write here, or put another directory in its place, can have jobs made in our name. */
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
