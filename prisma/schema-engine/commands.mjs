// The commands of the engine: `cli can-connect-to-database`, `create-database`, `drop-database`.
// Prisma's CLI reads the outcome from the exit code and from log lines in JSON.
import { fieldsOf, onServer } from './adapter.mjs'

/** Prisma's error codes for connection failures, by SQLSTATE or by the code of the socket. */
const CODES = /** @type {Record<string, [code: string, text: (place: Place) => string]>} */ ({
  '28P01': [
    'P1000',
    ({ host, user }) =>
      `Authentication failed against database server at \`${host}\`, the provided database credentials for \`${user}\` are not valid.`,
  ],
  28000: ['P1010', ({ database, user }) => `User \`${user}\` was denied access on the database \`${database}\`.`],
  '3D000': [
    'P1003',
    ({ database, host }) => `Database \`${database}\` does not exist on the database server at \`${host}\`.`,
  ],
  '42P04': [
    'P1009',
    ({ database, host }) => `Database \`${database}\` already exists on the database server at \`${host}\`.`,
  ],
})
const UNREACHABLE = ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'ECONNRESET', 'EAI_AGAIN', 'ENOENT']

/** @typedef {{ host: string, database: string, user: string }} Place */

/**
 * @param {string} command
 * @param {string | undefined} url
 * @returns {Promise<number>} the exit code
 */
export async function runCommand(command, url) {
  log('INFO', { message: `schema engine command: ${command}` })
  /** @type {import('pg').PoolConfig} */
  let config = {}
  try {
    config = fieldsOf(url)
    const name = `"${String(config.database).replaceAll('"', '""')}"`
    if (command === 'can-connect-to-database') await onServer(config, 'SELECT 1')
    else if (command === 'create-database')
      await onServer({ ...config, database: 'postgres' }, `CREATE DATABASE ${name}`)
    else if (command === 'drop-database') await onServer({ ...config, database: 'postgres' }, `DROP DATABASE ${name}`)
    else throw new Error(`unknown command: ${command}`)
    return 0
  } catch (error) {
    log(
      'ERROR',
      describe(error, {
        host: `${config.host}:${config.port ?? 5432}`,
        database: config.database ?? '',
        user: config.user ?? '',
      }),
    )
    return 1
  }
}

/** @param {unknown} error @param {Place} place */
function describe(error, place) {
  const { code = '', message } = /** @type {{ code?: string, message: string }} */ (error)
  const known = CODES[code]
  if (known) return { error_code: known[0], message: known[1](place) }
  if (UNREACHABLE.includes(code) || /timeout/i.test(message)) {
    return { error_code: 'P1001', message: `Can't reach database server at \`${place.host}\`.` }
  }
  return { error_code: 'P1011', message }
}

/** @param {string} level @param {object} fields */
function log(level, fields) {
  const line = { timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' }
  process.stderr.write(`${JSON.stringify(line)}\n`)
}
