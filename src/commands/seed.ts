// Fills the embedded or the configured database with believable jobs, for those who want to see something.
import type pg from 'pg'
import { readConfig } from '../config.ts'
import { realignTransactionIds } from '../database/transactionOrder.ts'
import { type Random, randomFrom } from './seed/random.ts'
import { sampleJobs } from './seed/sampleJobs.ts'
import { SeedError } from './seed/seedError.ts'
import { writeJobs } from './seed/writeJobs.ts'
import { typedCommand } from './typedCommand.ts'
import { type CommandLedger, withLedger } from './withLedger.ts'

export interface SeedOptions {
  /** Although the database holds jobs already. */
  readonly add: boolean
  /** Where chance begins. */
  readonly random: number
}

/** @throws SeedError if the database holds jobs already, unless asked to add to them */
export async function seed({ add, random: beginning }: SeedOptions): Promise<void> {
  const config = readConfig()
  if (config.environment === 'production' && !add) {
    throw new SeedError(
      `This is production (NODE_ENV): made-up jobs are added only by "${typedCommand('seed', '--add')}".`,
    )
  }
  await withLedger(config, (opened) => addSampleJobs(opened, { add, random: randomFrom(beginning) }), {
    statementTimeoutMs: 0,
  })
}

async function addSampleJobs(
  { database, place }: CommandLedger,
  { add, random }: { add: boolean; random: Random },
): Promise<void> {
  await realignTransactionIds(database.pool)
  const client = await database.pool.connect()
  try {
    if (!add && (await holdsJobs(client))) {
      throw new SeedError(`There are jobs in ${place} already. To add to them, type: ${typedCommand('seed', '--add')}`)
    }
    const jobs = sampleJobs(Date.now(), random)
    await writeJobs(client, jobs, random)
    const records = jobs.reduce((sum, job) => sum + job.records.length, 0)
    console.log(`Made ${jobs.length} jobs with ${records} records in ${place}.`)
  } finally {
    client.release()
  }
}

async function holdsJobs(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('SELECT EXISTS (SELECT FROM jobs) AS there')
  return rows[0]?.there ?? false
}
