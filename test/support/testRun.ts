// The databases of one run of the tests: their names, the template that tests clone, and their
// removal. Names are random, so that several runs can use one server.
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { applyMigrations } from '../../src/database/migrations.ts'

/** The data of the run that test files need. vitest passes it to the workers as JSON. */
export interface TestRun {
  readonly serverUrl: string
  /** The prefix of the name of every database of this run. */
  readonly prefix: string
  readonly template: string
  /**
   * Keep all databases until the end of the run, and then drop only those of test files that
   * passed.
   */
  readonly keepFailed: boolean
}

/** The base of every database of a run: the same encoding and sort order on every server. */
export const PRISTINE = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"

export function nameTestRun(serverUrl: string, keepFailed: boolean): TestRun {
  const prefix = `jobledger_test_${randomBytes(5).toString('hex')}_`
  return { serverUrl, prefix, template: `${prefix}template`, keepFailed }
}

/**
 * Creates the template from the migrations and closes it, because a database with sessions cannot
 * be cloned.
 */
export async function makeTemplate(run: TestRun): Promise<void> {
  await onServer(run.serverUrl, (client) => client.query(`CREATE DATABASE ${run.template} ${PRISTINE}`))
  await applyMigrations(databaseUrl(run.serverUrl, run.template))
  await onServer(run.serverUrl, async (client) => {
    await client.query(`ALTER DATABASE ${run.template} ALLOW_CONNECTIONS false`)
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [run.template])
  })
}

/**
 * Drops the databases of a run except those that `spare` selects. Resolves to the names and test
 * files of these.
 */
export async function dropDatabases(
  serverUrl: string,
  prefix: string,
  spare: (testFile: string) => boolean = () => false,
): Promise<string[]> {
  return await onServer(serverUrl, async (client) => {
    const { rows } = await client.query<{ name: string; testFile: string | null }>(
      `SELECT datname AS name, shobj_description(oid, 'pg_database') AS "testFile"
         FROM pg_database WHERE starts_with(datname, $1)`,
      [prefix],
    )
    const spared: string[] = []
    for (const { name, testFile } of rows) {
      if (testFile !== null && spare(testFile)) spared.push(`${name} of ${testFile}`)
      else await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    }
    return spared
  })
}

export async function onServer<T>(serverUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: serverUrl })
  client.on('error', () => undefined) // Without a listener, an error would end the process. Running queries reject anyway.
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}
