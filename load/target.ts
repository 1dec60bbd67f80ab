// The server under load: one of our own on a database of its own, or one that exists. Whoever opens it closes it.
import process from 'node:process'
import { applyMigrations } from '../src/database/migrations.ts'
import { startTemporaryServer } from '../test/support/temporaryServer.ts'
import { databaseUrl, dropDatabases, nameTestRun, onServer, PRISTINE } from '../test/support/testRun.ts'
import { startServerProcess } from './serverProcess.ts'

export interface Target {
  /** The whole URL of the API. */
  readonly endpoint: string
  /** Undefined where only the API can be asked. */
  readonly databaseUrl: string | undefined
  /** For people: what is under load. */
  readonly described: string
  close(): Promise<void>
}

export function existingTarget(endpoint: string): Target {
  return { endpoint, databaseUrl: undefined, described: endpoint, close: async () => undefined }
}

/** A server of production on a new database: of TEST_DATABASE_URL, or else of a PostgreSQL that is made for it. */
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
      ? 'a server of its own, on the PostgreSQL of TEST_DATABASE_URL'
      : 'a server of its own, on a PostgreSQL that does not wait for the disk'
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
