// `jobledger studio`: Prisma Studio on the embedded or the configured database. The database guards
// also apply to its edits.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { readConfig } from '../config.ts'
import { childEnvironment, DATABASE_PASSWORDS } from '../database/childEnvironment.ts'
import { PACKAGE_ROOT } from '../database/packageRoot.ts'
import { migrateToLatest, openDatabase } from './openDatabase.ts'

/** Resolves when Studio has exited. `options` are those of `prisma studio`. */
export async function studio(options: readonly string[]): Promise<void> {
  const database = await openDatabase(readConfig(), { info: console.log, warn: console.warn })
  try {
    if (database.embedded) await migrateToLatest(database)
    console.log(`Prisma Studio shows ${database.location}.`)
    process.exitCode = await runPrisma(['studio', ...options], database.url)
  } finally {
    await database.stop()
  }
}

/**
 * Runs a command of Prisma's CLI on a database, forwards signals, and resolves to its exit code.
 */
async function runPrisma(words: readonly string[], databaseUrl: string): Promise<number> {
  const cli = createRequire(import.meta.url).resolve('prisma/build/index.js')
  const child = spawn(process.execPath, [cli, ...words], {
    cwd: PACKAGE_ROOT,
    // In the environment, because arguments, and a password in them, are visible to every local
    // user.
    env: childEnvironment({ DATABASE_URL: databaseUrl }, DATABASE_PASSWORDS),
    stdio: 'inherit',
  })
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  process.off('SIGINT', forward).off('SIGTERM', forward)
  return signal === null ? (code ?? 1) : 0
}
