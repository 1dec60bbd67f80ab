// Prisma Studio on the embedded or the configured database. Studio can edit everything; the guards in the database hold for it too.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { readConfig } from '../config.ts'
import { childEnvironment, DATABASE_PASSWORDS } from '../database/childEnvironment.ts'
import { PACKAGE_ROOT } from '../database/packageRoot.ts'
import { migrateToLatest, openDatabase } from './openDatabase.ts'

/** Resolves when Studio has ended. `options` are those of `prisma studio`. */
export async function studio(options: readonly string[]): Promise<void> {
  const database = await openDatabase(readConfig(), { info: console.log, warn: console.warn })
  try {
    if (database.embedded) await migrateToLatest(database)
    console.log(`Prisma Studio shows ${database.place}.`)
    process.exitCode = await runPrisma(['studio', ...options], database.url)
  } finally {
    await database.stop()
  }
}

/** Runs a command of Prisma's CLI on a database, passes signals on to it, and resolves to its exit code. */
async function runPrisma(words: readonly string[], databaseUrl: string): Promise<number> {
  const cli = createRequire(import.meta.url).resolve('prisma/build/index.js')
  const child = spawn(process.execPath, [cli, ...words], {
    cwd: PACKAGE_ROOT,
    // In the environment, not among the arguments, where every user of the machine could read the password.
    env: childEnvironment({ DATABASE_URL: databaseUrl }, DATABASE_PASSWORDS),
    stdio: 'inherit',
  })
  const passOn = (signal: NodeJS.Signals): boolean => child.kill(signal)
  process.on('SIGINT', passOn).on('SIGTERM', passOn)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  process.off('SIGINT', passOn).off('SIGTERM', passOn)
  return signal === null ? (code ?? 1) : 0
}
