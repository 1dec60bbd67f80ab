// Chooses the operating-system user of PostgreSQL. PostgreSQL refuses to run as root, so root runs
// it as another user. This file never creates users.
import { execFileSync, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import process from 'node:process'
import { EmbeddedDatabaseError } from './errors.ts'

/** Spawn options. Empty: run as the current user. */
export type ServerAccount = { readonly uid: number; readonly gid: number } | Record<string, never>

/**
 * The environment of every PostgreSQL program. Not inherited: PGPORT or PGOPTIONS would change what
 * runs, and LD_LIBRARY_PATH would replace its libraries. Messages must be in English, because we
 * parse them.
 */
export const PROGRAM_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/**
 * A user other than root runs PostgreSQL as themselves. Root runs it as the owner of the data. For
 * data that root created, that is the unprivileged user that every system has; initdb requires a
 * user with a name.
 */
export function serverAccount(existingCluster: string | undefined): ServerAccount {
  if (!isRoot()) return {}
  const owner = existingCluster === undefined ? undefined : statSync(existingCluster)
  const account = owner === undefined || owner.uid === 0 ? unprivilegedAccount() : { uid: owner.uid, gid: owner.gid }
  requirePermissionToSwitch(account)
  return account
}

/**
 * Whether `account` can enter `dir`. Tested by entering it, because mode bits do not show
 * everything.
 */
export function canEnter(dir: string, account: ServerAccount): boolean {
  const check = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], {
    ...account,
    cwd: '/',
    env: PROGRAM_ENV,
    stdio: 'ignore',
  })
  return check.status === 0
}

function unprivilegedAccount(): ServerAccount {
  try {
    return { uid: idOfNobody('-u'), gid: idOfNobody('-g') }
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      'PostgreSQL refuses to run as root, and this system has no unprivileged account. Start ' +
        'as another user, or set DATABASE_URL.',
      { cause },
    )
  }
}

function idOfNobody(which: '-u' | '-g'): number {
  const id = Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  return id >>> 0 // macOS reports -2.
}

/** In a container without the capabilities, root cannot switch to another user. */
function requirePermissionToSwitch(account: ServerAccount): void {
  const attempt = spawnSync('/bin/sh', ['-c', ':'], { ...account, cwd: '/', env: PROGRAM_ENV, stdio: 'ignore' })
  if (attempt.status === 0) return
  throw new EmbeddedDatabaseError(
    `PostgreSQL refuses to run as root and this root may not run it as user ${account.uid} ` +
      `(${attempt.error?.message ?? `status ${attempt.status}`}): start as another user, or set DATABASE_URL.`,
  )
}
