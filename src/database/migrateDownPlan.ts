// Shows what reverting the latest migration would affect: rows and servers. Changes nothing.
import type pg from 'pg'
import { connect } from './checkDatabase.ts'
import { downScript, latestMigration } from './migrations.ts'

export interface Loss {
  /** A table, or a column as "table.column". For rows that a statement deletes: the table. */
  readonly what: string
  /** Number of rows that are lost, or that lose their value. */
  readonly rows: number
}

export interface MigrateDownPlan {
  readonly migration: string
  /** Only objects that contain rows. */
  readonly losses: readonly Loss[]
  /** Number of connections of Jobledger to the database. */
  readonly connections: readonly string[]
}

/**
 * What `migrateDown` would do. Undefined if no migration is applied.
 * @throws MigrationError if the
 * migration has no down.sql
 */
export async function planMigrateDown(databaseUrl: string): Promise<MigrateDownPlan | undefined> {
  const client = await connect(databaseUrl)
  try {
    const migration = await latestMigration(client)
    if (migration === undefined) return undefined
    const losses: Loss[] = []
    for (const { what, from } of removals(downScript(migration))) {
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${from}`)
      if (Number(rows[0]?.count) > 0) losses.push({ what, rows: Number(rows[0]?.count) })
    }
    return { migration, losses, connections: await connectionsOfServers(client) }
  } finally {
    await client.end()
  }
}

/**
 * What a script removes: tables, columns and rows. Our scripts start each statement at the start of
 * a line.
 */
function removals(script: string): { readonly what: string; readonly from: string }[] {
  const tables = [...script.matchAll(/^DROP TABLE ("\w+"\."\w+")/gm)].map(([, table = '']) => ({
    what: nameOf(table),
    from: table,
  }))
  const columns = [...script.matchAll(/^ALTER TABLE ("\w+"\."\w+")([^;]*);/gm)].flatMap(
    ([, table = '', actions = '']) =>
      [...actions.matchAll(/DROP COLUMN "(\w+)"/g)].map(([, column = '']) => ({
        what: `${nameOf(table)}.${column}`,
        from: `${table} WHERE "${column}" IS NOT NULL`,
      })),
  )
  const deletions = [...script.matchAll(/^DELETE FROM (("\w+"\."\w+")[^;]*);/gm)].map(([, from = '', table = '']) => ({
    what: nameOf(table),
    from,
  }))
  return [...tables, ...columns, ...deletions]
}

/** The readable form of a name: without quotes, and without the schema "public". */
function nameOf(table: string): string {
  return table.replaceAll('"', '').replace(/^public\./, '')
}

async function connectionsOfServers(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ pid: number; name: string; address: string | null }>(
    `SELECT pid, application_name AS name, host(client_addr) AS address FROM pg_stat_activity
     WHERE datname = current_database() AND application_name ~ '^jobledger( |$)' ORDER BY pid`,
  )
  return rows.map(({ pid, name, address }) => `process ${pid} (${name}${address === null ? '' : ` from ${address}`})`)
}
