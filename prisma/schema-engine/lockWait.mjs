// Finds out who holds the lock for which a migration waits. While a migration waits for the lock of
// a table, every writer of that table waits behind it.
import pg from 'pg'
import { fieldsOf, lockTimeoutMs, onServer } from './adapter.mjs'

/** Maximum time between two queries for the holders. */
const POLL_MS = 1000
const MAX_QUERY_CHARACTERS = 200

const HOLDERS = `
  SELECT blocker.pid, usename, application_name, state, xact_start, left(query, ${MAX_QUERY_CHARACTERS}) AS query,
    EXISTS (SELECT FROM pg_locks WHERE pid = ANY($1) AND NOT granted AND locktype = 'advisory') AS "isMigration"
  FROM (SELECT DISTINCT unnest(pg_blocking_pids(waiting)) AS pid FROM unnest($1::integer[]) AS waiting) AS blocker
  LEFT JOIN pg_stat_activity AS activity ON activity.pid = blocker.pid ORDER BY xact_start`

/**
 * Watches which sessions block the sessions `pids`, until `stop` is called. `holders` returns the
 * latest ones, described in a line each. `isMigration`: they hold the lock of Prisma Migrate, not
 * that of a table.
 *
 * @param {string} url
 * @param {() => number[]} pids
 */
export function watchLockHolders(url, pids) {
  /** @type {string[]} */
  let holders = []
  let isMigration = true
  /** @type {Promise<pg.Client> | undefined} */
  let connecting
  const query = async () => {
    connecting ??= connect(url)
    const { rows } = await (await connecting).query(HOLDERS, [pids()])
    if (rows.length === 0) return
    holders = rows.map(describeHolder)
    isMigration = rows[0].isMigration
  }
  const interval = Math.max(10, Math.min(POLL_MS, lockTimeoutMs() / 4 || POLL_MS))
  // If this fails, the migration fails too, and reports why.
  const timer = setInterval(() => void query().catch(() => undefined), interval)
  return {
    holders: () => ({ holders, isMigration }),
    stop: async () => {
      clearInterval(timer)
      await connecting?.then((client) => client.end()).catch(() => undefined)
    },
  }
}

/** @param {string} url */
async function connect(url) {
  const client = new pg.Client(fieldsOf(url))
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/**
 * @param {{ pid: number, usename?: string, application_name?: string, state?: string, xact_start?:
 * Date, query?: string }} holder
 */
function describeHolder({ pid, usename, application_name: application, state, xact_start: since, query }) {
  if (pid === 0) return 'a prepared transaction (see pg_prepared_xacts)'
  const facts = [
    application ? `application ${application}` : 'no application name',
    `user ${usename}`,
    state,
    since && `transaction since ${since.toISOString()}`,
    query && `last statement: ${query.replaceAll(/\s+/g, ' ').trim()}`,
  ]
  return `process ${pid} (${facts.filter(Boolean).join(', ')})`
}

/**
 * The message for an operator about a statement that has waited too long. Records a migration that
 * was rolled back as rolled back, so that the next deploy runs it again.
 *
 * @param {string} url
 * @param {{ migration: string | undefined, method: string }} work what waited; `migration` is
 * undefined if none had started
 * @param {{ isRolledBack: boolean, holders: string[], isMigration: boolean }} wait
 */
export async function lockTimeoutMessage(url, { migration, method }, { isRolledBack, holders, isMigration }) {
  const who = holders.length > 0 ? `The lock is held by ${holders.join('; ')}.` : 'The holder of the lock is unknown.'
  const wait = `Waited ${lockTimeoutMs()} ms for a lock (MIGRATE_LOCK_TIMEOUT_MS). ${who}`
  const advice = 'Wait until it ends, or end it (SELECT pg_terminate_backend(PID)), then run the command again'
  if (migration === undefined) {
    if (isMigration) return `Another migration of this database is running. ${wait}\n${advice}.`
    // A reset drops each object in a separate statement.
    if (method === 'reset')
      return `The database was only partly reset: parts of its schema are missing. ${wait}\n${advice}: it resets the rest.`
    return `A table of this database is in use. ${wait}\n${advice}.`
  }
  if (!isRolledBack) {
    return `The migration ${migration} failed half-way. ${wait}\nUndo its changes, then run "prisma migrate resolve".`
  }
  await markRolledBack(url, migration)
  return `The migration ${migration} was rolled back. ${wait}\n${advice}.`
}

/** @param {string} url @param {string} migration */
async function markRolledBack(url, migration) {
  const name = pg.escapeLiteral(migration)
  await onServer(
    fieldsOf(url),
    `UPDATE _prisma_migrations SET rolled_back_at = now()
     WHERE migration_name = ${name} AND finished_at IS NULL AND rolled_back_at IS NULL`,
  )
}
