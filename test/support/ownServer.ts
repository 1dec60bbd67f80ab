// A PostgreSQL server of one test file: of the programs in TEST_POSTGRES_BIN, or else the embedded
// one.
import process from 'node:process'
import { hasStockPostgres, startStockPostgres } from './stockPostgres.ts'
import { startTemporaryServer } from './temporaryServer.ts'

export interface OwnServer {
  /** The URL of the database `postgres`. */
  readonly url: string
  stop(): Promise<void>
}

export async function startOwnServer(): Promise<OwnServer> {
  if (process.env.TEST_POSTGRES_BIN && hasStockPostgres()) {
    const { url, destroy } = await startStockPostgres({ synchronous_commit: 'off' })
    return { url, stop: destroy }
  }
  const embedded = await startTemporaryServer()
  return { url: embedded.url, stop: () => embedded.stop({ keepFiles: false }) }
}
