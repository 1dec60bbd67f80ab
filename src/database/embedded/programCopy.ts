// A copy of PostgreSQL's programs. Root needs it if the server's user cannot enter the checkout.
// Owns the directories `postgresql-VERSION-PLATFORM` and never changes an existing one.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, lstatSync, statSync } from 'node:fs'
import { chmod, cp, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { identify } from './processIdentity.ts'
import { PROGRAM_ENV, type ServerAccount } from './serverAccount.ts'

export interface InstalledPrograms {
  /**
   * The directory with bin, lib and share. The programs find lib and share relative to themselves.
   */
  readonly native: string
  /** Identifies the copy, so that no other version uses its files. */
  readonly label: string
}

/** The copy under `base`, created if needed. Undefined if `account` could not run any copy. */
export async function copyPrograms(
  installed: InstalledPrograms,
  base: string,
  account: ServerAccount,
): Promise<string | undefined> {
  try {
    await mkdir(base, { recursive: true })
    // In a temporary directory, another user could have placed programs for us to run.
    const found = lstatSync(base)
    if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) return undefined
    await chmod(base, 0o755)
    const copy = join(base, installed.label)
    if (!existsSync(copy)) await copyWhole(installed.native, copy)
    return unrunnableReason(copy, account) === undefined ? copy : undefined
  } catch {
    return undefined
  }
}

/** An existing copy is complete: it is created under another name and then renamed. */
async function copyWhole(native: string, copy: string): Promise<void> {
  await clearAbandoned(copy)
  const draft = `${copy}.${process.pid}-${randomUUID()}.partial`
  await cp(native, draft, { recursive: true, verbatimSymlinks: true })
  await openToAllUsers(draft)
  await rename(draft, copy).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true })
    if (!existsSync(copy)) throw error // Otherwise another process was faster.
  })
}

async function clearAbandoned(copy: string): Promise<void> {
  for (const name of await readdir(dirname(copy))) {
    const pid = Number(/\.(\d+)-[^.]*\.partial$/.exec(name)?.[1])
    if (pid > 0 && identify(pid) === undefined) await rm(join(dirname(copy), name), { recursive: true, force: true })
  }
}

/** Under a strict umask, npm installs files that only root can read. */
async function openToAllUsers(dir: string): Promise<void> {
  await chmod(dir, 0o755)
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) await openToAllUsers(path)
    else if (entry.isFile()) await chmod(path, statSync(path).mode & 0o100 ? 0o755 : 0o644)
  }
}

/** Why that user cannot run the programs. Undefined if they can. */
export function unrunnableReason(native: string, account: ServerAccount): string | undefined {
  try {
    versionOf(native, account)
    return undefined
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    return (stderr || message).trim().split('\n').at(-1)
  }
}

export function versionOf(native: string, account: ServerAccount): string {
  const options = { ...account, cwd: '/', env: PROGRAM_ENV, encoding: 'utf8', stdio: 'pipe' } as const
  return execFileSync(join(native, 'bin', 'postgres'), ['--version'], options)
}
