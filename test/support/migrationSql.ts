// The SQL of the migrations. Tests run it directly in milliseconds; Prisma Migrate would start two
// processes.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from './prismaCli.ts'
import { onServer } from './testRun.ts'

const FOLDER = join(CHECKOUT, 'prisma/migrations')

/** The names of all migrations, the oldest first. */
export const MIGRATIONS: readonly string[] = readdirSync(FOLDER)
  .filter((name) => existsSync(join(FOLDER, name, 'migration.sql')))
  .sort()

/** The last of the initial migrations, which every server has. */
export const LAST_INITIAL = '20261128000004_api_keys'

export function migrationSql(name: string): string {
  return readFileSync(join(FOLDER, name, 'migration.sql'), 'utf8')
}

/** Prisma's own table, as Prisma Migrate creates it. */
const PRISMA_TABLE = `CREATE TABLE _prisma_migrations (
  id varchar(36) NOT NULL PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`

/** Applies all migrations to an empty database, with the result of `prisma migrate deploy`. */
export async function migrate(url: string): Promise<void> {
  await onServer(url, async (client) => {
    await client.query(PRISMA_TABLE)
    for (const name of MIGRATIONS) {
      await client.query(migrationSql(name))
      const checksum = createHash('sha256').update(migrationSql(name)).digest('hex')
      await client.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
         VALUES (gen_random_uuid(), $1, $2, now(), 1)`,
        [checksum, name],
      )
    }
  })
}
