// The SQL of the migrations. Tests run it directly in milliseconds; Prisma Migrate would start two
// processes.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from './prismaCli.ts'

const FOLDER = join(CHECKOUT, 'prisma/migrations')

/** The names of all migrations, the oldest first. */
export const MIGRATIONS: readonly string[] = readdirSync(FOLDER)
  .filter((name) => existsSync(join(FOLDER, name, 'migration.sql')))
  .sort()

export function migrationSql(name: string): string {
  return readFileSync(join(FOLDER, name, 'migration.sql'), 'utf8')
}
