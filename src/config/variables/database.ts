// The settings of the database: which one, how it is migrated, and how many connections it gets.
import { z } from 'zod'
import { MAX_INT } from '../../ledger/limits.ts'
import { databaseUrl, integer, oneOf } from '../forms.ts'
import { DAY_MS } from '../ranges.ts'

export const DATABASE_VARIABLES = {
  DATABASE_URL: databaseUrl()
    .optional()
    .describe(
      'The PostgreSQL to use, 15 to 18, such as ' +
        'postgresql://user:password@host:5432/jobledger. Each installation needs a database of ' +
        'its ' +
        'own: the tables are in the schemas public and jobledger. For TLS add ' +
        '?sslmode=verify-full&sslrootcert=/path/to/ca.crt. Empty: an embedded ' +
        'PostgreSQL.',
    ),
  DATA_DIR: z
    .string()
    .optional()
    .describe('Where the embedded PostgreSQL keeps its data. Empty: the folder data of the checkout.'),
  MIGRATE_LOCK_TIMEOUT_MS: integer(5000, { min: 0, max: 999_999_999 }).describe(
    'Maximum time in milliseconds that a migration waits for a lock. Writers wait behind it. 0: no limit.',
  ),
  DATABASE_POOL_MIN: integer(10, { min: 0, max: 10_000 }).describe('Number of connections that stay open.'),
  DATABASE_POOL_MAX: integer(30, { min: 1, max: 10_000 }).describe(
    'Maximum number of connections. Those above DATABASE_POOL_MIN are opened when needed, and closed when idle.',
  ),
  DATABASE_POOL_MAX_LIFETIME_SECONDS: integer(3600, { min: 1, max: MAX_INT }).describe(
    'Maximum age of a connection in seconds. Then it is replaced.',
  ),
  DATABASE_CONNECT_TIMEOUT_MS: integer(5000, { min: 1, max: DAY_MS }).describe(
    'Maximum time in milliseconds to wait for a connection. Then the request gets UNAVAILABLE (503).',
  ),
  DATABASE_STATEMENT_TIMEOUT_MS: integer(30_000, { min: 1, max: DAY_MS }).describe(
    'Maximum time in milliseconds that a statement may take. Then PostgreSQL cancels it.',
  ),
  DATABASE_PREPARED_STATEMENTS: oneOf(['true', 'false'], 'true').describe(
    'Set it to false behind PgBouncer in transaction mode before version 1.21; see docs/pgbouncer.md.',
  ),
}
