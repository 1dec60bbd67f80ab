// The server under load: one of our own on a new database, or an existing one. The code that opens
// it must close it.
import process from 'node:process'
import { applyMigrations } from '../src/database/migrations.ts'
import { startTemporaryServer } from '../test/support/temporaryServer.ts'
import { databaseUrl, dropDatabases, nameTestRun, onServer, PRISTINE } from '../test/support/testRun.ts'
import { startServerProcess } from './serverProcess.ts'

export interface Target {
  /** The full URL of the API. */
  readonly endpoint: string
  /** Undefined if only the API is accessible. */
  readonly databaseUrl: string | undefined
  /** Describes the server under load for people. */
  readonly described: string
  close(): Promise<void>
}

export function existingTarget(endpoint: string): Target {
  return { endpoint, databaseUrl: undefined, described: endpoint, close: async () => undefined }
}

/**
 * A production server on a new database: on the server of TEST_DATABASE_URL, or else on a temporary
 * PostgreSQL.
 */
export async function openOwnTarget(): Promise<Target> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  try {
    const external = process.env.TEST_DATABASE_URL
    const serverUrl = external || (await openPostgres(closing))
    const run = nameTestRun(serverUrl, false)
    const name = `${run.prefix}load`
    closing.push(() => dropDatabases(serverUrl, run.prefix))
    await onServer(serverUrl, (client) => client.query(`CREATE DATABASE ${name} ${PRISTINE}`))
    const url = databaseUrl(serverUrl, name)
    await applyMigrations(url)
    const server = startServerProcess({ databaseUrl: url })
    closing.push(async () => {
      server.kill('SIGTERM')
      await server.ended
    })
    const described = external
      ? 'a new server on the PostgreSQL of TEST_DATABASE_URL'
      : 'a new server on a PostgreSQL that does not wait for the disk'
    return { endpoint: await server.endpoint, databaseUrl: url, described, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openPostgres(closing: (() => Promise<unknown>)[]): Promise<string> {
  const server = await startTemporaryServer()
  process.once('exit', server.destroyAtExit)
  closing.push(async () => {
    await server.stop({ keepFiles: false })
    process.off('exit', server.destroyAtExit)
  })
  return server.url
}
