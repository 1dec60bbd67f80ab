// Compares the migrations of the code with those of a database, applies them and reverts them.
// Prisma Migrate applies them. We revert them ourselves, with the down.sql of each migration.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { connect } from './checkDatabase.ts'
import { childEnvironment, DATABASE_PASSWORDS } from './childEnvironment.ts'
import { PACKAGE_ROOT } from './packageRoot.ts'
import type { Queryable } from './queryable.ts'

const FOLDER = join(PACKAGE_ROOT, 'prisma', 'migrations')
/** The key of the advisory lock that Prisma Migrate holds while it works. */
const MIGRATE_LOCK = 72707369

/**
 * Migrations could not be applied or reverted, or differ from those of the code. The message is a
 * sentence for an operator.
 */
export class MigrationError extends Error {}

export interface MigrationState {
  /**
   * Also `up-to-date` if the database has newer migrations that are all marked as compatible with
   * older servers.
   */
  state: 'up-to-date' | 'empty' | 'behind' | 'ahead' | 'failed'
  /** Migrations of the code that the database lacks. */
  pending: string[]
  /** Migrations of the database that are not in the code. */
  unknown: string[]
  /** Unknown migrations that are not marked as compatible. */
  incompatible: string[]
  /** Migrations that started and did not finish. */
  failed: string[]
}

interface AppliedMigration {
  migration_name: string
  finished: boolean
}

/** Compares the migrations of a database with those of the code. */
export async function migrationState(database: Queryable): Promise<MigrationState> {
  const applied = await appliedMigrations(database)
  const names = applied.map((migration) => migration.migration_name)
  const known = migrationsOfCode()
  const pending = known.filter((name) => !names.includes(name))
  const unknown = names.filter((name) => !known.includes(name))
  const failed = applied.filter((migration) => !migration.finished).map((migration) => migration.migration_name)
  const incompatible = await withoutMark(database, unknown)
  const found = { pending, unknown, incompatible, failed }
  if (failed.length > 0) return { state: 'failed', ...found }
  if (applied.length === 0) return { state: 'empty', ...found }
  if (pending.length > 0) return { state: 'behind', ...found }
  return { state: incompatible.length > 0 ? 'ahead' : 'up-to-date', ...found }
}

/**
 * @throws MigrationError that says what to do, if this version cannot run on the schema of the
 * database
 */
export async function requireCurrentSchema(database: Queryable): Promise<void> {
  const { state, pending, incompatible, failed } = await migrationState(database)
  if (state === 'failed') {
    throw new MigrationError(`The migration ${failed.join(', ')} failed half-way; see "npx prisma migrate status".`)
  }
  if (state === 'ahead') {
    throw new MigrationError(
      'The database has migrations that this version cannot run on ' +
        `(${incompatible.join(', ')}); run the version that made them.`,
    )
  }
  if (state !== 'up-to-date') {
    throw new MigrationError(
      `The database schema is behind; run "npx prisma migrate deploy" to apply ${pending.join(', ')}.`,
    )
  }
}

/**
 * Applies the missing migrations by `prisma migrate deploy`. That command reads the `.env` of this
 * package, not of the current folder, so `lockTimeoutMs` (maximum time to wait for a lock, in
 * milliseconds) is passed in its environment.
 *
 * @throws MigrationError with the output of Prisma
 */
export async function applyMigrations(
  databaseUrl: string,
  { lockTimeoutMs }: Pick<MigrateDownOptions, 'lockTimeoutMs'> = {},
): Promise<void> {
  const cli = createRequire(import.meta.url).resolve('prisma/build/index.js')
  const settings = {
    DATABASE_URL: databaseUrl,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    ...(lockTimeoutMs !== undefined && { MIGRATE_LOCK_TIMEOUT_MS: String(lockTimeoutMs) }),
  }
  const env = childEnvironment(settings, DATABASE_PASSWORDS)
  await new Promise<void>((resolve, reject) => {
    execFile(process.execPath, [cli, 'migrate', 'deploy'], { cwd: PACKAGE_ROOT, env }, (error, stdout, stderr) => {
      if (error === null) return resolve()
      const lines = `${stderr}\n${stdout}`
        .split('\n')
        .filter((line) => line.trim() !== '' && !line.startsWith('Loaded Prisma config'))
      reject(new MigrationError(`The migrations could not be applied: ${lines.join(' ').slice(0, 2000)}`))
    })
  })
}

export interface MigrateDownOptions {
  /** The name of the migration to revert. No other one is reverted. */
  readonly expected?: string
  /** Maximum time to wait for a lock, in milliseconds. 0: no limit. */
  readonly lockTimeoutMs?: number
}

/** PostgreSQL stopped waiting for a lock (lock_not_available). */
const LOCK_TIMEOUT = '55P03'

/**
 * Reverts the latest applied migration: runs its down.sql and deletes its row in Prisma's table, in
 * one transaction. Data that exists only because of the migration is lost.
 *
 * @returns the name of the migration, or undefined if none is applied
 * @throws MigrationError if it is not the expected one, if it has no down.sql, if a migration
 * failed half-way, or if the database refuses
 */
export async function migrateDown(
  databaseUrl: string,
  { expected, lockTimeoutMs = 0 }: MigrateDownOptions = {},
): Promise<string | undefined> {
  const client = await connect(databaseUrl)
  try {
    await client.query(`BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}`)
    await client.query(`SELECT pg_advisory_xact_lock(${MIGRATE_LOCK})`)
    const name = await latestMigration(client)
    if (expected !== undefined && name !== expected) {
      throw new MigrationError(`The latest migration is now ${name ?? 'none'}, not ${expected}; nothing was changed.`)
    }
    if (name !== undefined) {
      await client.query(downScript(name))
      await client.query('DELETE FROM public._prisma_migrations WHERE migration_name = $1', [name])
      if (await hasTable(client, 'jobledger.compatible_migrations'))
        await client.query('DELETE FROM jobledger.compatible_migrations WHERE name = $1', [name])
    }
    await client.query('COMMIT')
    return name
  } catch (error) {
    // A broken connection has rolled back already. The error that broke it is reported below.
    await client.query('ROLLBACK').catch(() => undefined)
    if (error instanceof MigrationError) throw error
    const { code, message } = error as Error & { code?: string }
    const advice =
      `; waited ${lockTimeoutMs} ms (MIGRATE_LOCK_TIMEOUT_MS): end open transactions and other ` +
      'migrations, then try again'
    throw new MigrationError(
      `The migration could not be reverted: ${message}${code === LOCK_TIMEOUT ? `${advice}.` : ''}`,
      { cause: error },
    )
  } finally {
    await client.end()
  }
}

/**
 * The name of the latest applied migration. Undefined if none is applied.
 * @throws MigrationError if
 * a migration failed half-way
 */
export async function latestMigration(database: Queryable): Promise<string | undefined> {
  const applied = await appliedMigrations(database)
  const failed = applied.find((migration) => !migration.finished)
  if (failed)
    throw new MigrationError(
      `The migration ${failed.migration_name} failed half-way; resolve it first ("npx prisma migrate resolve").`,
    )
  return applied.at(-1)?.migration_name
}

/** The names of the migrations, oldest first. */
export function migrationsOfCode(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => existsSync(join(FOLDER, name, 'migration.sql')))
    .sort()
}

/** The script of a migration. */
export function upScript(name: string): string {
  return readFileSync(join(FOLDER, name, 'migration.sql'), 'utf8')
}

/** The script that reverts a migration. @throws MigrationError if it has none */
export function downScript(name: string): string {
  const file = join(FOLDER, name, 'down.sql')
  if (!existsSync(file)) throw new MigrationError(`The migration ${name} has no down.sql, so it cannot be reverted.`)
  return readFileSync(file, 'utf8')
}

/** The applied migrations, oldest first. Empty if Prisma has not migrated the database yet. */
async function appliedMigrations(database: Queryable): Promise<AppliedMigration[]> {
  if (!(await hasTable(database, 'public._prisma_migrations'))) return []
  const { rows } = await database.query<AppliedMigration>(
    `SELECT migration_name, finished_at IS NOT NULL AS finished FROM public._prisma_migrations
     WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  )
  return rows
}

/** The migrations that the database does not mark as compatible with older servers. */
async function withoutMark(database: Queryable, names: string[]): Promise<string[]> {
  if (names.length === 0 || !(await hasTable(database, 'jobledger.compatible_migrations'))) return names
  const { rows } = await database.query<{ name: string }>('SELECT name FROM jobledger.compatible_migrations')
  const marked = new Set(rows.map(({ name }) => name))
  return names.filter((name) => !marked.has(name))
}

async function hasTable(database: Queryable, name: string): Promise<boolean> {
  const { rows } = await database.query<{ exists: boolean }>(`SELECT to_regclass('${name}') IS NOT NULL AS "exists"`)
  return rows[0]?.exists ?? false
}
