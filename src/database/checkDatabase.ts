// Checks whether a database is usable. Reports the fault in one sentence for the person who set its
// address. Never repeats the password of that address.
import pg from 'pg'
import type { Database } from './client.ts'
import { deniedRight } from './deniedRight.ts'
import { DatabaseUnavailableError } from './retryableErrors.ts'
import { isIncomplete } from './transactionOrder.ts'

/** The database is unusable. The message is complete: print it without a stack trace. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError'
}

const MIN_MAJOR_VERSION = 15

/**
 * Opens one connection, which the caller must end. It sees the tables of the schema `public` only.
 * @throws UnusableDatabaseError if the server does not respond within the timeout or refuses access
 */
export async function connect(url: string, connectTimeoutMs = 10_000): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs })
  // Set by a statement, because poolers refuse start-up options.
  const ready = client.connect().then(() => client.query('SET search_path = public'))
  await ready.catch((error: NodeJS.ErrnoException) => {
    throw new UnusableDatabaseError(unusableReason(error, url), { cause: error })
  })
  return client
}

/**
 * Connects and checks the server and the settings of a session. A read-only database passes,
 * because it can become writable without a restart.
 *
 * `url` is used in error messages only.
 * @throws UnusableDatabaseError
 */
export async function checkDatabase(database: Database, url: string): Promise<{ isReadOnly: boolean }> {
  const { major, encoding } = await versionOf(database.pool, url)
  if (major < MIN_MAJOR_VERSION) {
    throw new UnusableDatabaseError(
      `The database at ${addressOf(url)} is PostgreSQL ${major}; version ${MIN_MAJOR_VERSION} or later is needed.`,
    )
  }
  if (encoding !== 'UTF8') {
    throw new UnusableDatabaseError(
      `The database at ${addressOf(url)} has the encoding ${encoding}; UTF8 is needed: create it with ENCODING 'UTF8'.`,
    )
  }
  const { isReadOnly, settings } = await database.checkSession().catch(orUnusable(url))
  if (settings.length > 0) {
    throw new UnusableDatabaseError(`The database at ${addressOf(url)} cannot be used. ${settings.join('\n')}`)
  }
  if (!(await database.canPrepare().catch(orUnusable(url)))) {
    throw new UnusableDatabaseError(
      `Prepared statements are lost behind the connection pooler at ${addressOf(url)}: set ` +
        'DATABASE_PREPARED_STATEMENTS=false.',
    )
  }
  return { isReadOnly }
}

async function versionOf(pool: pg.Pool, url: string): Promise<{ major: number; encoding: string }> {
  const { rows } = await pool
    .query<{ major: number; encoding: string }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_encoding') AS encoding`,
    )
    .catch(orUnusable(url))
  return rows[0] ?? { major: 0, encoding: '' }
}

function orUnusable(url: string): (error: Error) => never {
  return (error) => {
    const isTemporary = error instanceof DatabaseUnavailableError
    const cause = isTemporary ? error.cause : error
    if (isTemporary && isIncomplete(cause))
      throw new UnusableDatabaseError(`${error.reason} Start again when it is complete.`, { cause: error })
    const message = deniedRight(cause) ?? unusableReason(cause as NodeJS.ErrnoException, url)
    throw new UnusableDatabaseError(message, { cause: error })
  }
}

/** Codes of Node for a certificate whose issuer is not trusted. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Codes of Node for a certificate that is not valid now, or not for this host. */
const INVALID = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
])

/** Undefined if the fault is not one of the certificate. */
function certificateFault({ code = '', message }: NodeJS.ErrnoException, address: string): string | undefined {
  const certificate = `The certificate of the database server at ${address}`
  // Node 24 adds advice about its own options to the message.
  const reason = message.split(';', 1)[0]
  if (UNTRUSTED.has(code))
    return `${certificate} is not trusted (${reason}): name the certificate of its issuer by sslrootcert in DATABASE_URL.`
  if (INVALID.has(code))
    return `${certificate} is not valid (${reason}): replace it, or correct the host in DATABASE_URL.`
  return undefined
}

function unusableReason(error: NodeJS.ErrnoException, url: string): string {
  const { code, message } = error
  const address = addressOf(url)
  const fault = certificateFault(error, address)
  if (fault !== undefined) return fault
  const { user, database } = namesOf(url)
  switch (code) {
    case 'ECONNREFUSED':
      return `No database server responds at ${address} (connection refused): start it, or correct DATABASE_URL.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host of the database, ${address}, cannot be found: correct DATABASE_URL.`
    case '28P01': // invalid_password
      return `The database server at ${address} does not accept the password of user ${user}: correct DATABASE_URL.`
    case '28000': // invalid_authorization_specification
      return (
        `The database server at ${address} refuses user ${user} (${message}): correct ` +
        "DATABASE_URL, or the server's pg_hba.conf."
      )
    case '3D000': // invalid_catalog_name
      return `There is no database ${database} at ${address}: create it (CREATE DATABASE), or correct DATABASE_URL.`
    case '42501': // insufficient_privilege
      return (
        `User ${user} may not connect to the database ${database} at ${address}: GRANT CONNECT ` +
        'to it, or correct DATABASE_URL.'
      )
    case '08P01': // protocol_violation: PgBouncer refuses settings in the start-up packet
      return `The connection pooler at ${address} refuses our settings (${message}): see docs/pgbouncer.md.`
    default:
      return `The database at ${address} cannot be used (${message}): check that it runs, or correct DATABASE_URL.`
  }
}

function addressOf(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname || 'localhost'}:${port || 5432}`
}

function namesOf(url: string): { user: string; database: string } {
  const { username, pathname } = new URL(url)
  return {
    user: decodeURIComponent(username) || 'of this system',
    database: decodeURIComponent(pathname.slice(1)) || 'of the same name as the user',
  }
}
