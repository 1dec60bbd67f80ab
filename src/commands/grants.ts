// `jobledger grants`: prints or applies the privileges that PostgreSQL roles need.
import { readConfig } from '../config.ts'
import { connect } from '../database/checkDatabase.ts'
import { type GrantRoles, grantStatements } from '../database/grants.ts'
import { requireCurrentSchema } from '../database/migrations.ts'
import { openDatabase } from './openDatabase.ts'
import { print } from './output.ts'
import { UsageError } from './program/usageError.ts'

export interface GrantsOptions extends GrantRoles {
  /** Applies the script to the database instead of printing it. */
  readonly apply: boolean
}

/**
 * @throws UsageError for invalid roles, or if the database refuses; MigrationError for another
 * schema version
 */
export async function grants({ apply, ...roles }: GrantsOptions): Promise<void> {
  const named = [roles.api, roles.reader, roles.owner].filter((role) => role !== undefined)
  if (named.length === 0) throw new UsageError('Specify a role: --api, --reader or --owner.')
  if (named.includes('')) throw new UsageError('A role name must not be empty.')
  const reserved = named.find(isReserved)
  if (reserved !== undefined) throw new UsageError(`"${reserved}" is reserved by PostgreSQL: choose another role.`)
  if (new Set(named).size < named.length) throw new UsageError('--api, --reader and --owner must be different roles.')
  const script = grantStatements(roles)
  await (apply ? run(script) : print(script))
}

/** PostgreSQL treats "public" as every role, even in quotes. */
function isReserved(role: string): boolean {
  return /^(?:public|none)$/i.test(role) || role.startsWith('pg_')
}

async function run(script: string): Promise<void> {
  const database = await openDatabase(readConfig(), { info: console.error, warn: console.error })
  const client = await connect(database.url)
  try {
    await requireCurrentSchema(client)
    await client.query(script).catch((error: Error) => {
      throw new UsageError(`The privileges could not be granted: ${error.message}.`, { cause: error })
    })
    await print(`Granted on ${database.location}.`)
  } finally {
    await client.end().finally(() => database.stop())
  }
}
