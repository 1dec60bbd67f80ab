// A separate database for a test file, cloned from the template of the run in some ten
// milliseconds. The caller must drop it. Databases of failed tests are dropped at the end of the
// run.
import { randomBytes } from 'node:crypto'
import pRetry from 'p-retry'
import pg from 'pg'
import { expect, inject } from 'vitest'
import { databaseUrl, PRISTINE } from './testRun.ts'

export interface TestDatabase {
  readonly url: string
  readonly name: string
  /** Drops the database and cuts its connections. Does nothing if KEEP_TEST_DATABASES keeps it. */
  drop(): Promise<void>
}

export interface TestDatabaseOptions {
  /** Without the migrations. */
  readonly empty?: boolean
  /** A copy of this database, which must have no sessions. */
  readonly copyOf?: TestDatabase | undefined
  /** The default time zone of its sessions. */
  readonly timezone?: string
}

/** OBJECT_IN_USE: another clone is being made, or a session is connected to the template. */
const SOURCE_IN_USE = '55006'

export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { empty = false, copyOf, timezone } = options
  const { serverUrl, prefix, template, keepFailed } = inject('testRun')
  const name = `${prefix}${randomBytes(5).toString('hex')}`
  const server = connections(serverUrl)
  await pRetry(() => server.query(`CREATE DATABASE ${name} ${empty ? PRISTINE : clone(copyOf?.name ?? template)}`), {
    retries: 50,
    minTimeout: 20,
    maxTimeout: 200,
    shouldRetry: ({ error }) => (error as { code?: string }).code === SOURCE_IN_USE,
  })
  // Records which test file the database belongs to, for the end of the run.
  await server.query(`COMMENT ON DATABASE ${name} IS ${pg.escapeLiteral(expect.getState().testPath ?? '')}`)
  if (timezone !== undefined) {
    await server.query(`ALTER DATABASE ${name} SET timezone TO ${pg.escapeLiteral(timezone)}`)
  }
  return {
    url: databaseUrl(serverUrl, name),
    name,
    async drop() {
      if (keepFailed) return
      await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

/** Copies files: a third less work than the default if the server does not wait for the disk. */
const clone = (template: string): string => `TEMPLATE ${template} STRATEGY file_copy`

let pool: pg.Pool | undefined

/** Connections to the database `postgres`. They are kept for the next test. */
function connections(connectionString: string): pg.Pool {
  pool ??= new pg.Pool({ connectionString, allowExitOnIdle: true }).on('error', () => undefined)
  return pool
}
