// `jobledger purge`: permanently removes jobs that were deleted long ago, with their histories.
// Runs as the owner of the tables.
import { readConfig } from '../config.ts'
import { requireIntactSchema } from '../database/schemaDrift.ts'
import { sqlStateOf } from '../database/sqlErrors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { countPurgeableJobs, purgeJobs } from '../ledger/purgeJobs.ts'
import { nextSignal } from './nextSignal.ts'
import { integer, UsageError } from './program/usageError.ts'
import { type CommandLedger, withLedger } from './withLedger.ts'

export interface PurgeOptions {
  /** Minimum number of days since the deletion, 0 to 36500. */
  readonly olderThan: string
  /** Only counts the jobs. */
  readonly dryRun: boolean
}

const INSUFFICIENT_PRIVILEGE = '42501'

/** Safe while servers run. A signal ends it after the current batch. @throws UsageError */
export async function purge({ olderThan, dryRun }: PurgeOptions): Promise<void> {
  const days = integer('--older-than', olderThan, [0, 36_500]) as number
  const config = readConfig()
  const signal = nextSignal()
  const work = async ({ ledger }: CommandLedger): Promise<void> => {
    if (!dryRun) console.log(`Purged ${await purgeAll(ledger, days, signal)} jobs.`)
    const { purgeable, waiting } = await countPurgeableJobs(ledger, days)
    if (dryRun) console.log(`${purgeable} jobs would be purged.`)
    if (waiting > 0) console.log(`${waiting} jobs wait until all consumers have read them.`)
  }
  await withLedger(config, work, { checkSchema: requireIntactSchema })
}

async function purgeAll(ledger: Ledger, days: number, signal: Promise<NodeJS.Signals>): Promise<number> {
  let isStopped = false
  void signal.then(() => {
    isStopped = true
  })
  let purged = 0
  try {
    for (let batch = -1; batch !== 0 && !isStopped; purged += batch) batch = await purgeJobs(ledger, days)
  } catch (error) {
    if (sqlStateOf(error) !== INSUFFICIENT_PRIVILEGE) throw error
    throw new UsageError(
      'The database role may not purge: use the role that owns the tables, or grant this one ' +
        'EXECUTE on the function jobledger.purge and USAGE on its schema.',
      { cause: error },
    )
  }
  return purged
}
