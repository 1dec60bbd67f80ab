// Which operating-system user PostgreSQL runs as. PostgreSQL refuses to run as root, so root lends it another user;
// this file never creates users.
import { execFileSync, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import process from 'node:process'
import { EmbeddedDatabaseError } from './errors.ts'

/** Spawn options: empty to run as ourselves. */
export type ServerAccount = { readonly uid: number; readonly gid: number } | Record<string, never>

/**
 * The environment of every program of PostgreSQL. Not ours: PGPORT or PGOPTIONS would change what runs, LD_LIBRARY_PATH
 * would replace the libraries it brings, and we read its messages, so they must be English.
 */
export const PROGRAM_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/**
 * One rule: who is not root runs PostgreSQL as himself; root runs it as the owner of the data, which is `nobody` for
 * data that root made itself. `nobody` exists everywhere, and initdb insists on a user that has a name.
 */
export function serverAccount(existingCluster: string | undefined): ServerAccount {
  if (!isRoot()) return {}
  const owner = existingCluster === undefined ? undefined : statSync(existingCluster)
  const account = owner === undefined || owner.uid === 0 ? nobody() : { uid: owner.uid, gid: owner.gid }
  requirePermissionToSwitch(account)
  return account
}

/** Whether the user of `account` can enter `dir`; asked of the kernel, because mode bits are not the whole truth. */
export function canEnter(dir: string, account: ServerAccount): boolean {
  const check = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], {
    ...account,
    cwd: '/',
    env: PROGRAM_ENV,
    stdio: 'ignore',
  })
  return check.status === 0
}

function nobody(): ServerAccount {
  try {
    return { uid: idOfNobody('-u'), gid: idOfNobody('-g') }
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      'PostgreSQL refuses to run as root and this system has no user nobody: start as another user, or set DATABASE_URL.',
      { cause },
    )
  }
}

function idOfNobody(which: '-u' | '-g'): number {
  const id = Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  return id >>> 0 // macOS says -2
}

/** In a container that was stripped of its capabilities root may not become anybody else. */
function requirePermissionToSwitch(account: ServerAccount): void {
  const attempt = spawnSync('/bin/sh', ['-c', ':'], { ...account, cwd: '/', env: PROGRAM_ENV, stdio: 'ignore' })
  if (attempt.status === 0) return
  throw new EmbeddedDatabaseError(
    `PostgreSQL refuses to run as root and this root may not run it as user ${account.uid} ` +
      `(${attempt.error?.message ?? `status ${attempt.status}`}): start as another user, or set DATABASE_URL.`,
  )
}
