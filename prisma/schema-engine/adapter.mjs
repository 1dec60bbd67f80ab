// The connection of the schema engine to PostgreSQL: Prisma's own adapter, with workarounds for the
// four faults that affect migrations.

import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { parse } from 'pg-connection-string'
import { revealPassword } from './password.mjs'

/** PostgreSQL's internal type "char", which the catalogs use. */
const CHAR = 18
const TEXT = 25

/** @typedef {import('@prisma/driver-adapter-utils').SqlDriverAdapter} Adapter */
/** @typedef {{ url?: string, shadowDatabaseUrl?: string }} Datasource */

const DEFAULT_LOCK_TIMEOUT_MS = 5000
/** PostgreSQL stopped waiting for a lock (lock_not_available). */
const LOCK_TIMEOUT = '55P03'

/** @type {Set<pg.Pool>} */
const open = new Set()
/** @type {Set<number>} */
const pids = new Set()
let lockTimedOut = false
let isRolledBack = true

/** The process ids of the open sessions in PostgreSQL. */
export function sessionPids() {
  return [...pids]
}

/**
 * Whether a statement has waited too long for a lock since the last call; undefined if none has.
 * `isRolledBack`: nothing remains of its script.
 */
export function takeLockTimeout() {
  const timeout = lockTimedOut ? { isRolledBack } : undefined
  lockTimedOut = false
  return timeout
}

/** Ends all open sessions, which releases the advisory lock of Prisma Migrate. */
export async function closeConnections() {
  const pools = [...open]
  open.clear()
  pids.clear()
  await Promise.all(pools.map((pool) => pool.end()))
}

/**
 * A factory of connections to `datasource`. Each has one session, because the advisory lock of the
 * engine belongs to a session.
 *
 * @param {Datasource} datasource
 */
export function adapterFactory({ url, shadowDatabaseUrl }) {
  return {
    provider: /** @type {const} */ ('postgres'),
    adapterName: '@prisma/adapter-pg',
    connect: () => connect(withLockTimeout(fieldsOf(url))),
    // The stock factory connects to the main database if its configuration is a URL, and drops the
    // shadow database while it is still connected to it.
    connectToShadowDb: () =>
      shadowDatabaseUrl ? connect(fieldsOf(shadowDatabaseUrl)) : connectToNewDatabase(fieldsOf(url)),
  }
}

/** @param {string | undefined} url @returns {pg.PoolConfig} */
export function fieldsOf(url) {
  if (!url) throw new Error('The datasource has no url: set DATABASE_URL.')
  const { options, ...fields } = /** @type {pg.PoolConfig} */ (/** @type {unknown} */ (parseUrl(revealPassword(url))))
  return {
    ...fields,
    options: `${options ?? ''} -c TimeZone=UTC -c jit=off -c search_path=public`.trim(),
    max: 1,
    connectionTimeoutMillis: 10_000,
  }
}

/** @param {string} url */
function parseUrl(url) {
  try {
    return parse(url)
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === undefined) throw error
    throw new Error(`DATABASE_URL names a certificate file that cannot be read: ${message}.`, { cause: error })
  }
}

/**
 * Maximum time that a statement of a migration waits for a lock, in milliseconds; 0: no limit.
 *
 * @throws Error if MIGRATE_LOCK_TIMEOUT_MS is not an integer
 */
export function lockTimeoutMs() {
  const text = process.env.MIGRATE_LOCK_TIMEOUT_MS || String(DEFAULT_LOCK_TIMEOUT_MS)
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Error(`MIGRATE_LOCK_TIMEOUT_MS must be an integer from 0 to 999999999 (got "${text}").`)
}

/** @param {pg.PoolConfig} config */
function withLockTimeout(config) {
  return { ...config, options: `${config.options} -c lock_timeout=${lockTimeoutMs()}` }
}

/** @param {pg.PoolConfig} config @returns {Promise<Adapter>} */
async function connect(config) {
  const pool = new pg.Pool(config)
  pool.on('connect', (client) => void pids.add(/** @type {any} */ (client).processID))
  open.add(pool)
  const adapter = await new PrismaPg(pool).connect()
  const stock = /** @type {any} */ (adapter)
  const { queryRaw, onError } = stock
  return Object.assign(stock, {
    onError: (/** @type {{ code?: string }} */ error) => {
      lockTimedOut ||= error.code === LOCK_TIMEOUT
      return onError.call(stock, error)
    },
    // The stock adapter splits a script at each semicolon, even in the body of a function.
    executeScript: async (/** @type {string} */ script) => {
      // PostgreSQL runs a script as one transaction, unless the script commits, or contains a
      // statement that cannot run in a transaction.
      isRolledBack = !/\bCOMMIT\b|\bCONCURRENTLY\b/i.test(script)
      await pool.query(script).catch((error) => stock.onError(error))
    },
    // The stock adapter refuses columns of type "char"; the engine expects them as characters.
    queryRaw: async (/** @type {unknown} */ query) => {
      const result = await stock.performIO(query)
      const chars = result.fields.map((/** @type {pg.FieldDef} */ field) => field.dataTypeID === CHAR)
      const fields = result.fields.map((/** @type {pg.FieldDef} */ field, /** @type {number} */ index) =>
        chars[index] ? { ...field, dataTypeID: TEXT } : field,
      )
      const response = await queryRaw.call({ performIO: async () => ({ ...result, fields }) }, query)
      const columnTypes = response.columnTypes.map((/** @type {number} */ type, /** @type {number} */ index) =>
        chars[index] ? ColumnTypeEnum.Character : type,
      )
      return { ...response, columnTypes }
    },
    dispose: async () => {
      if (open.delete(pool)) await pool.end()
    },
  })
}

/** @param {pg.PoolConfig} config */
async function connectToNewDatabase(config) {
  const database = `prisma_migrate_shadow_db_${randomUUID()}`
  await onServer(config, `CREATE DATABASE "${database}"`)
  const adapter = await connect({ ...config, database })
  const close = adapter.dispose.bind(adapter)
  return Object.assign(adapter, {
    dispose: async () => {
      await close()
      await onServer(config, `DROP DATABASE "${database}"`)
    },
  })
}

/**
 * Runs one statement on a connection of its own.
 *
 * @param {pg.PoolConfig} config
 * @param {string} statement
 */
export async function onServer(config, statement) {
  const client = new pg.Client(config)
  await client.connect()
  try {
    return await client.query(statement)
  } finally {
    await client.end()
  }
}
