// Fills the tables of a new database with the data set. Bypasses the guards, which only accept
// current times. Indexes and foreign keys are dropped first and recreated from their own
// definitions afterwards.
import pg from 'pg'
import { findHistoryFaults } from '../src/database/historyFaults.ts'
import { BenchError } from './benchError.ts'
import { type DataSet, jobRows, recordRows, resultRecordRows, resultRows } from './rows.ts'

const TABLES = ['jobs', 'job_states', 'job_results', 'job_result_records']
const CHUNK = 500_000
/**
 * Above this number of jobs, checking all histories takes too long. All rows are generated the same
 * way.
 */
const MAX_CHECKED_JOBS = 1_000_000

interface Rebuild {
  readonly drop: string
  readonly create: string
  readonly table: string
}

/** @throws BenchError if the histories are inconsistent */
export async function loadDataSet(url: string, dataSet: DataSet, say: (line: string) => void): Promise<void> {
  await withTwoClients(url, async (first, second) => {
    const rebuilds = await takeDownIndexes(first)
    const since = performance.now()
    const seconds = (): string => `${((performance.now() - since) / 1000).toFixed(0)} s`
    await Promise.all([
      load(first, dataSet, { jobs: jobRows(dataSet), job_results: resultRows(dataSet) }),
      load(second, dataSet, { job_states: recordRows(dataSet), job_result_records: resultRecordRows(dataSet) }),
    ])
    say(`  rows after ${seconds()}`)
    const indexes = rebuilds.filter(({ create }) => !create.includes('FOREIGN KEY'))
    const isOfRecords = ({ table }: Rebuild): boolean => table.endsWith('_states') || table.endsWith('_records')
    await Promise.all([
      rebuild(
        first,
        indexes.filter((one) => !isOfRecords(one)),
      ),
      rebuild(second, indexes.filter(isOfRecords)),
    ])
    await rebuild(
      first,
      rebuilds.filter((one) => !indexes.includes(one)),
    )
    say(`  indexes after ${seconds()}`)
    // One after the other, because each may use all processors.
    for (const table of TABLES) await first.query(`VACUUM (ANALYZE) ${table}`)
    if (dataSet.size <= MAX_CHECKED_JOBS && dataSet.withHistory === undefined) await requireWholeHistories(first)
    await first.query('CHECKPOINT').catch(() => undefined) // Only superusers and members of pg_checkpoint may do this.
    say(`  vacuumed after ${seconds()}`)
  })
}

async function load(
  client: pg.Client,
  { size, withHistory = size }: DataSet,
  statements: Record<string, string>,
): Promise<void> {
  await client.query('BEGIN')
  for (const [table, statement] of Object.entries(statements)) {
    await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`)
    for (let n = table === 'jobs' ? 1 : size - withHistory + 1; n <= size; n += CHUNK)
      await client.query(statement, [n, Math.min(size, n + CHUNK - 1)])
    await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`)
  }
  await client.query('COMMIT')
}

/**
 * Drops indexes, keys and foreign keys. Resolves to the statements that recreate them, in a valid
 * order.
 */
async function takeDownIndexes(client: pg.Client): Promise<Rebuild[]> {
  const { rows } = await client.query<Rebuild>(
    `
    SELECT conrelid::regclass::text AS "table", format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS create
    FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND conrelid = ANY ($1::regclass[])
    UNION ALL
    SELECT indrelid::regclass::text, format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid = ANY ($1::regclass[])
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
    ORDER BY 3`,
    [TABLES],
  )
  // Foreign keys depend on keys.
  const isForeign = ({ create }: Rebuild): boolean => create.includes('FOREIGN KEY')
  const ordered = [...rows.filter((row) => !isForeign(row)), ...rows.filter(isForeign)]
  for (const { drop } of ordered.toReversed()) await client.query(drop)
  return ordered
}

async function rebuild(client: pg.Client, rebuilds: readonly Rebuild[]): Promise<void> {
  for (const { create } of rebuilds) await client.query(create)
}

async function requireWholeHistories(client: pg.Client): Promise<void> {
  const [fault] = await findHistoryFaults(client)
  if (fault)
    throw new BenchError(`The data set is wrong at job ${fault.jobId}, record ${fault.sequence}: ${fault.fault}.`)
}

async function withTwoClients(
  url: string,
  work: (first: pg.Client, second: pg.Client) => Promise<void>,
): Promise<void> {
  const clients = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })] as const
  for (const client of clients) client.on('error', () => undefined) // The query in progress rejects as well.
  try {
    for (const client of clients) {
      await client.connect()
      await client.query("SET timezone TO 'UTC'; SET maintenance_work_mem TO '512MB'; SET statement_timeout TO 0")
    }
    await work(...clients)
  } finally {
    for (const client of clients) await client.end().catch(() => undefined)
  }
}
