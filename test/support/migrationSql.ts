// The migrations as their SQL, for tests of what it does: in milliseconds, where Prisma Migrate starts two processes.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from './prismaCli.ts'

const FOLDER = join(CHECKOUT, 'prisma/migrations')

/** Of all migrations, the first one first. */
export const MIGRATIONS: readonly string[] = readdirSync(FOLDER)
  .filter((name) => existsSync(join(FOLDER, name, 'migration.sql')))
  .sort()

export function migrationSql(name: string): string {
  return readFileSync(join(FOLDER, name, 'migration.sql'), 'utf8')
}
