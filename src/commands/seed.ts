// `jobledger seed`: adds sample jobs to the embedded or the configured database.
import type pg from 'pg'
import { readConfig } from '../config.ts'
import { realignTransactionIds } from '../database/transactionOrder.ts'
import { UsageError } from './program/usageError.ts'
import { type Random, randomFrom } from './seed/random.ts'
import { sampleJobs } from './seed/sampleJobs.ts'
import { writeJobs } from './seed/writeJobs.ts'
import { typedCommand } from './typedCommand.ts'
import { type CommandLedger, withLedger } from './withLedger.ts'

export interface SeedOptions {
  /** Adds jobs even if the database already contains some. */
  readonly add: boolean
  /** Seed of the random numbers. */
  readonly random: number
}

/** @throws UsageError if the database already contains jobs and `add` is false */
export async function seed({ add, random: randomSeed }: SeedOptions): Promise<void> {
  const config = readConfig()
  if (config.environment === 'production' && !add) {
    throw new UsageError(`NODE_ENV is production: sample jobs are added only by "${typedCommand('seed', '--add')}".`)
  }
  await withLedger(config, (opened) => addSampleJobs(opened, { add, random: randomFrom(randomSeed) }), {
    statementTimeoutMs: 0,
  })
}

async function addSampleJobs(
  { database, location }: CommandLedger,
  { add, random }: { add: boolean; random: Random },
): Promise<void> {
  await realignTransactionIds(database.pool)
  const client = await database.pool.connect()
  try {
    if (!add && (await hasJobs(client))) {
      throw new UsageError(
        `There are already jobs in ${location}. To add sample jobs, run: ${typedCommand('seed', '--add')}`,
      )
    }
    const jobs = sampleJobs(Date.now(), random)
    await writeJobs(client, jobs, random)
    const records = jobs.reduce((sum, job) => sum + job.records.length, 0)
    console.log(`Created ${jobs.length} jobs with ${records} records in ${location}.`)
  } finally {
    client.release()
  }
}

async function hasJobs(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>('SELECT EXISTS (SELECT FROM jobs) AS "exists"')
  return rows[0]?.exists ?? false
}
