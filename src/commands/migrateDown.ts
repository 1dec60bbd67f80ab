// `jobledger migrate-down`: reverts the latest migration after confirmation, because rows may be
// lost.
import { createInterface } from 'node:readline/promises'
import { readConfig } from '../config.ts'
import { type MigrateDownPlan, planMigrateDown } from '../database/migrateDownPlan.ts'
import { migrateDown as revert } from '../database/migrations.ts'
import { openDatabase } from './openDatabase.ts'
import { UsageError } from './program/usageError.ts'

export interface MigrateDownOptions {
  /** Skips the confirmation. */
  readonly yes: boolean
  /** Reverts even while servers are connected. */
  readonly force: boolean
}

/** Maximum number of connections to list. */
const MAX_LISTED = 5

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
    const sentence = describe(plan, database.location)
    if (plan.connections.length > 0 && !force) {
      throw new UsageError(`${sentence} ${describeServers(plan)} Stop them first, or add --force.`)
    }
    if (!yes && !(await isConfirmed(sentence))) throw new UsageError('Nothing was changed.')
    const options = { expected: plan.migration, lockTimeoutMs: config.migrateLockTimeoutMs }
    await revert(database.url, options)
    console.log(`Reverted ${plan.migration}.`)
  } finally {
    await database.stop()
  }
}

function describe({ migration, losses }: MigrateDownPlan, location: string): string {
  const lost = losses.map(({ what, rows }) => `${rows} ${rows === 1 ? 'row' : 'rows'} of ${what}`)
  const loss = lost.length === 0 ? 'No rows are lost.' : `This loses ${lost.join(', ')}.`
  return `The migration ${migration} of ${location} will be reverted. ${loss}`
}

function describeServers({ connections }: MigrateDownPlan): string {
  const named = connections.slice(0, MAX_LISTED)
  const others = connections.length - named.length
  return `Servers are connected: ${named.join(', ')}${others === 0 ? '' : ` and ${others} more`}.`
}

async function isConfirmed(sentence: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${sentence} Confirm with --yes, because there is no terminal to ask on.`)
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${sentence} Revert it? [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}
