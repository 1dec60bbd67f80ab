// Takes back the latest migration of the embedded or the configured database: asks first, for rows may be lost.
import { createInterface } from 'node:readline/promises'
import { readConfig } from '../config.ts'
import { type MigrateDownPlan, planMigrateDown } from '../database/migrateDownPlan.ts'
import { migrateDown as takeBack } from '../database/migrations.ts'
import { openDatabase } from './openDatabase.ts'
import { UsageError } from './program/usageError.ts'

export interface MigrateDownOptions {
  /** Do not ask. */
  readonly yes: boolean
  /** Also while servers are connected. */
  readonly force: boolean
}

/** At most so many connections are named. */
const MAX_NAMED = 5

/** @throws UsageError if it is not confirmed or servers are connected; MigrationError */
export async function migrateDown({ yes, force }: MigrateDownOptions): Promise<void> {
  const config = readConfig()
  const database = await openDatabase(config, { info: console.error, warn: console.warn })
  try {
    const plan = await planMigrateDown(database.url)
    if (plan === undefined) {
      console.log('No migration is applied.')
      return
    }
    const sentence = describe(plan, database.place)
    if (plan.connections.length > 0 && !force) {
      throw new UsageError(`${sentence} ${describeServers(plan)} Stop them first, or add --force.`)
    }
    if (!yes && !(await isConfirmed(sentence))) throw new UsageError('Nothing was changed.')
    const options = { expected: plan.migration, lockTimeoutMs: config.migrateLockTimeoutMs }
    await takeBack(database.url, options)
    console.log(`Took back ${plan.migration}.`)
  } finally {
    await database.stop()
  }
}

function describe({ migration, losses }: MigrateDownPlan, place: string): string {
  const lost = losses.map(({ what, rows }) => `${rows} ${rows === 1 ? 'row' : 'rows'} of ${what}`)
  const loss = lost.length === 0 ? 'No row is lost.' : `This loses ${lost.join(', ')}.`
  return `The migration ${migration} of ${place} is about to be taken back. ${loss}`
}

function describeServers({ connections }: MigrateDownPlan): string {
  const named = connections.slice(0, MAX_NAMED)
  const others = connections.length - named.length
  return `Servers are connected: ${named.join(', ')}${others === 0 ? '' : ` and ${others} more`}.`
}

async function isConfirmed(sentence: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${sentence} Without a terminal to ask on, --yes is needed.`)
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${sentence} Take it back? [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}
