// SQL that starting the embedded server needs: whether the server is ours and ready, and whether
// our database exists.
import pg from 'pg'
import { DATABASE, embeddedUrl } from './runningServer.ts'

const INVALID_PASSWORD = '28P01'
const CONNECT_MS = 5_000
const DUPLICATE_DATABASE = '42P04'

export type ProbeResult = 'same cluster' | 'another cluster' | 'no response'

/**
 * Finds out which cluster a server on a port serves. Our password is random, so a server that
 * accepts it serves ours.
 */
export async function probePort(port: number, password: string): Promise<ProbeResult> {
  try {
    await withClient(port, password, (client) => client.query('SELECT 1'))
    return 'same cluster'
  } catch (error) {
    return isAuthFailure(error) ? 'another cluster' : 'no response'
  }
}

/**
 * Creates the database unless it exists. Idempotent, because an earlier start may have been killed
 * before it.
 */
export async function ensureDatabase(port: number, password: string): Promise<void> {
  await withClient(port, password, async (client) => {
    const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE])
    if (found.rowCount !== 0) return
    await client.query(`CREATE DATABASE ${DATABASE}`).catch((error: { code?: string }) => {
      if (error.code !== DUPLICATE_DATABASE) throw error
    })
  })
}

export function isAuthFailure(error: unknown): boolean {
  return (error as { code?: unknown }).code === INVALID_PASSWORD
}

async function withClient<T>(port: number, password: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const connectionString = embeddedUrl(port, password, 'postgres')
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_MS })
  client.on('error', () => undefined) // The query rejects, too. Without a listener the event ends the process.
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}
