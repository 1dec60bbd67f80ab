// The outcomes that wait for the server: a directory with one file for each. Who delivers an outcome claims its file by renaming it;
// the claim of a process that is gone, killed in the middle of a delivery, is free. Knows nothing of how they are delivered.
import { createHash, randomUUID } from 'node:crypto'
import { lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
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
const OF_PROCESS = /^(?<name>.+)\.(?<what>claimed|writing)\.(?<pid>\d+)-(?<start>[0-9a-f]+)$/

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
   * and left where it is. @throws SpoolError if there is no looking into the spool
   */
  async *claimAll(url: string): AsyncGenerator<SpooledRun | UnusableFile> {
    for (const file of (await this.using(() => this.list())).sort()) {
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
    const { name, isFree, isHalfWritten } = statusOf(file)
    if (!isFree) return undefined
    try {
      // A directory cannot be read, and a pipe would keep whoever reads it.
      if (!(await lstat(this.pathOf(file))).isFile()) throw new Error('it is no regular file')
      if (isHalfWritten) await rm(this.pathOf(file), { force: true })
      if (name === undefined) return undefined
      // Read first: a file for another server stays as it is.
      const record = RUN_RECORD.safeParse(await this.read(file)).data
      if (record !== undefined && record.url !== url) return undefined
      await rename(this.pathOf(file), this.pathOf(this.claimed(name)))
      return record === undefined ? await this.setAside(name) : { name, record }
    } catch (error) {
      // Another run was faster.
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  private async read(file: string): Promise<unknown> {
    const text = await readFile(this.pathOf(file), 'utf8')
    try {
      return JSON.parse(text)
    } catch {
      return undefined
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

interface FileStatus {
  /** Of the outcome; undefined if it holds none. */
  readonly name?: string | undefined
  readonly isFree: boolean
  readonly isHalfWritten?: boolean
}

function statusOf(file: string): FileStatus {
  if (file.endsWith(WAITING)) return { name: file.slice(0, -WAITING.length), isFree: true }
  const { name, what, pid, start } = OF_PROCESS.exec(file)?.groups ?? {}
  if (pid === undefined || markOf(Number(pid)) === `${pid}-${start}`) return { isFree: false }
  return what === 'claimed' ? { name, isFree: true } : { isFree: true, isHalfWritten: true }
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

/** Who can write here can have jobs made in our name. */
async function checkPrivate(dir: string): Promise<void> {
  const { uid, mode } = await lstat(`${dir}/.`)
  if (uid !== (process.getuid?.() ?? uid) || (mode & WRITABLE_BY_OTHERS) !== 0)
    throw new SpoolError(`The spool ${dir} must belong to the user who runs this, and must not be writable by others.`)
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
