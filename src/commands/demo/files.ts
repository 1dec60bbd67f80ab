// The files below a folder, and their hashes. Knows nothing of jobs.
import { createHash } from 'node:crypto'
import { constants, type Dirent } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { DemoError } from './demoError.ts'

export interface FoundFile {
  readonly path: string
  /** Relative to the folder. */
  readonly name: string
}

/**
 * Everything below `folder` that is no folder, in order of name: also what cannot be read, which shows when it is tried. Folders behind
 * symbolic links are not entered, for they may lead in circles.
 *
 * @throws DemoError if there is no such folder, or nothing in it
 */
export async function filesBelow(folder: string): Promise<FoundFile[]> {
  await readdir(folder).catch((error: unknown) => {
    throw new DemoError(`The folder ${folder} cannot be read: ${describeFailure(error)}`)
  })
  const files = (await walk(folder)).map((path) => ({ path, name: relative(folder, path) }))
  if (files.length === 0) throw new DemoError(`The folder ${folder} holds no files.`)
  return files
}

async function walk(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined)
  // A folder that cannot be read is told like a file that cannot.
  if (entries === undefined) return [folder]
  const below = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return walk(path)
      return (await leadsToFolder(entry, path)) ? [] : [path]
    }),
  )
  return below.flat().sort()
}

async function leadsToFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return false
  const target = await stat(path).catch(() => undefined)
  return target?.isDirectory() ?? false
}

/** The SHA-256 of a file and its size. Rejects with what keeps it from being read. */
export async function hashFile(path: string): Promise<{ sha256: string; bytes: number }> {
  // Without waiting: a pipe would wait for somebody to write into it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!(await handle.stat()).isFile()) throw new Error('It is not a regular file.')
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      hash.update(chunk as Buffer)
      bytes += (chunk as Buffer).length
    }
    return { sha256: hash.digest('hex'), bytes }
  } finally {
    await handle.close()
  }
}

/** What went wrong, short enough for an error message of a result. */
export function describeFailure(error: unknown): string {
  return (
    error instanceof Error ? error.message || ((error as NodeJS.ErrnoException).code ?? error.name) : String(error)
  ).slice(0, 1000)
}
