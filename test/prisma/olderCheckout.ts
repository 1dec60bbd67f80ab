// The code before the compatible migrations, from the history of git.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { LAST_INITIAL, MIGRATIONS, migrationSql } from '../support/migrationSql.ts'
import { CHECKOUT } from '../support/prismaCli.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

/**
 * The oldest commit whose servers work with the newest schema and need the packages that are
 * installed. Undefined if the history of git lacks it.
 */
export function olderCommit(): string | undefined {
  const later = MIGRATIONS.filter((name) => name > LAST_INITIAL)
  const incompatible = later.findLastIndex((name) => migrationSql(name).includes('-- Incompatible with older servers'))
  return later
    .slice(incompatible + 1)
    .map(commitBefore)
    .find((commit) => commit !== undefined && dependenciesOf(commit) === dependenciesOf('HEAD'))
}

function git(...words: string[]): string | undefined {
  try {
    return execFileSync('git', words, { cwd: CHECKOUT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

/** The last commit without the migration. */
function commitBefore(migration: string): string | undefined {
  const added = git('log', '--diff-filter=A', '--format=%H', '-1', '--', `prisma/migrations/${migration}/migration.sql`)
  return added ? git('rev-parse', '--quiet', '--verify', `${added}^`) : undefined
}

function dependenciesOf(commit: string): string {
  return JSON.stringify(JSON.parse(git('show', `${commit}:package.json`) ?? '{}').dependencies)
}

/** A checkout of the commit that shares the installed packages. */
export function checkOut(commit: string): { readonly folder: string; remove(): void } {
  const folder = temporaryDirectory('jobledger-older-')
  const files = execFileSync('git', ['archive', commit], { cwd: CHECKOUT, maxBuffer: 1 << 30 })
  mkdirSync(folder, { recursive: true })
  execFileSync('tar', ['-x', '-C', folder], { input: files })
  symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
