// The spool: a directory with one file for each outcome that awaits delivery. A process claims a
// file by renaming it; claims of processes that have died are free. Files with other names are left
// alone, and links are not followed.
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkPrivate, isOurs, makePrivate, syncDirectory } from './privateDirectory.ts'
import { RUN_RECORD, type RunRecord } from './runRecord.ts'
import { SpoolError } from './spoolError.ts'
import { ownMark, statusOf, WAITING } from './spoolFiles.ts'

/** An outcome that this process has claimed. */
export interface SpooledRun {
  readonly name: string
  readonly record: RunRecord
}

const PRIVATE_FILE = 0o600

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

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
