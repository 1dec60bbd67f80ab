// The directories of the spool. They belong to the user who runs the command, and no one else can
// write them.
import type { Stats } from 'node:fs'
import { lstat, mkdir, open } from 'node:fs/promises'
import { SpoolError } from './spoolError.ts'

const MODE = 0o700
const WRITABLE_BY_OTHERS = 0o022

/** @throws SpoolError as checkPrivate does */
export async function makePrivate(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: MODE })
  await checkPrivate(dir)
}

/**
 * A user who can write here or replace the directory could create jobs in our name.
 *
 * @throws SpoolError if the directory is a link, of another user, or writable by others
 */
export async function checkPrivate(dir: string): Promise<void> {
  const stats = await lstat(dir)
  if (!stats.isDirectory()) throw new SpoolError(`The spool ${dir} must be a directory, not a link or a file.`)
  if (!isOurs(stats) || (stats.mode & WRITABLE_BY_OTHERS) !== 0)
    throw new SpoolError(`The spool ${dir} must belong to the user who runs this, and must not be writable by others.`)
}

export function isOurs({ uid }: Stats): boolean {
  return uid === (process.getuid?.() ?? uid)
}

/** Makes new names in the directory survive a crash of the machine. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
