// Finds the files below a folder and hashes them. Independent of jobs.
import { createHash } from 'node:crypto'
import { constants, type Dirent } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describeFailure } from '../apiSender.ts'
import { UsageError } from '../program/usageError.ts'

export interface FoundFile {
  readonly path: string
  /** Relative to the folder. */
  readonly name: string
}

/**
 * All entries below `folder` except folders, ordered by name. Unreadable entries are included; they
 * fail later. Folders behind symbolic links are not entered, because links may form cycles.
 *
 * @throws UsageError if the folder cannot be read or contains no files
 */
export async function filesBelow(folder: string): Promise<FoundFile[]> {
  await readdir(folder).catch((error: unknown) => {
    throw new UsageError(`The folder ${folder} cannot be read: ${describeFailure(error)}`)
  })
  const files = (await walk(folder)).map((path) => ({ path, name: relative(folder, path) }))
  if (files.length === 0) throw new UsageError(`The folder ${folder} contains no files.`)
  return files
}

async function walk(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined)
  // An unreadable folder is reported like an unreadable file.
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

/** The SHA-256 and size of a file. Rejects if it cannot be read. */
export async function hashFile(path: string): Promise<{ sha256: string; bytes: number }> {
  // Non-blocking, because opening a pipe would wait for a writer.
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
