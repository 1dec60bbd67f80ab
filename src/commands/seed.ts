// Fills the embedded or the configured database with believable jobs, for those who want to see something.
import type pg from 'pg'
import { readConfig } from '../config.ts'
import { connect } from '../database/checkDatabase.ts'
import { realignTransactionIds } from '../database/transactionOrder.ts'
import { migrateToLatest, openDatabase } from './openDatabase.ts'
import { randomFrom } from './seed/random.ts'
import { sampleJobs } from './seed/sampleJobs.ts'
import { SeedError } from './seed/seedError.ts'
import { writeJobs } from './seed/writeJobs.ts'
import { typedCommand } from './typedCommand.ts'

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
  const database = await openDatabase(config, { info: console.log, warn: console.warn })
  try {
    if (database.embedded) await migrateToLatest(database)
    const client = await connect(database.url)
    await realignTransactionIds(client)
    try {
      if (!add && (await holdsJobs(client))) {
        throw new SeedError(
          `There are jobs in ${database.place} already. To add to them, type: ${typedCommand('seed', '--add')}`,
        )
      }
      const random = randomFrom(beginning)
      const jobs = sampleJobs(Date.now(), random)
      await writeJobs(client, jobs, random)
      const records = jobs.reduce((sum, job) => sum + job.records.length, 0)
      console.log(`Made ${jobs.length} jobs with ${records} records in ${database.place}.`)
    } finally {
      await client.end()
    }
  } finally {
    await database.stop()
  }
}

async function holdsJobs(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('SELECT EXISTS (SELECT FROM jobs) AS there')
  return rows[0]?.there ?? false
}
