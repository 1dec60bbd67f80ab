// A database of its own for a test file, cloned from the run's template in some ten milliseconds. It belongs to the
// caller, who drops it; what a failed test leaves behind is dropped at the end of the run.
import { randomBytes } from 'node:crypto'
import pRetry from 'p-retry'
import pg from 'pg'
import { expect, inject } from 'vitest'
import { databaseUrl, onServer, PRISTINE } from './testRun.ts'

export interface TestDatabase {
  readonly url: string
  readonly name: string
  /** Drops the database under whoever is still connected. Does nothing while KEEP_TEST_DATABASES keeps it. */
  drop(): Promise<void>
}

export interface TestDatabaseOptions {
  /** Without the migrations. */
  readonly empty?: boolean
  /** The time zone that its sessions have unless they choose one. */
  readonly timezone?: string
}

/** OBJECT_IN_USE: another clone is just being made, or somebody looks at the template. */
const SOURCE_IN_USE = '55006'

export async function createTestDatabase({ empty = false, timezone }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { serverUrl, prefix, template, keepFailed } = inject('testRun')
  const name = `${prefix}${randomBytes(5).toString('hex')}`
  await onServer(serverUrl, async (client) => {
    await pRetry(() => client.query(`CREATE DATABASE ${name} ${empty ? PRISTINE : `TEMPLATE ${template}`}`), {
      retries: 50,
      minTimeout: 20,
      maxTimeout: 200,
      shouldRetry: ({ error }) => (error as { code?: string }).code === SOURCE_IN_USE,
    })
    // Tells the end of the run whose database this is.
    await client.query(`COMMENT ON DATABASE ${name} IS ${pg.escapeLiteral(expect.getState().testPath ?? '')}`)
    if (timezone !== undefined) {
      await client.query(`ALTER DATABASE ${name} SET timezone TO ${pg.escapeLiteral(timezone)}`)
    }
  })
  return {
    url: databaseUrl(serverUrl, name),
    name,
    async drop() {
      if (keepFailed) return
      await onServer(serverUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
    },
  }
}
