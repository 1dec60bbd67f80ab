// A PostgreSQL with a large ledger. A separate one, because large transactions hold back the
// horizon of consumers, which is shared by all databases of a server.
import { loadDataSet } from '../../bench/dataSet.ts'
import { migrate } from './migrationSql.ts'
import { startOwnServer } from './ownServer.ts'
import { databaseUrl, onServer, PRISTINE } from './testRun.ts'

export interface LargeLedger {
  /** Of a database with the data set of the benchmark. */
  readonly url: string
  stop(): Promise<void>
}

interface LargeLedgerOptions {
  readonly jobs: number
  /** Number of jobs with records and results, the latest ones. Default: all. */
  readonly withHistory?: number
}

export async function startLargeLedger({ jobs, ...options }: LargeLedgerOptions): Promise<LargeLedger> {
  const postgres = await startOwnServer()
  const url = databaseUrl(postgres.url, 'large')
  await onServer(postgres.url, (session) => session.query(`CREATE DATABASE large ${PRISTINE}`))
  await migrate(url)
  await loadDataSet(url, { size: jobs, ...options, nowMs: Date.now() }, () => undefined)
  return { url, stop: postgres.stop }
}
