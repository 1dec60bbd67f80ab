// Takes back the latest migration of the embedded or the configured database.
import { readConfig } from '../config.ts'
import { migrateDown as takeBackLatest } from '../database/migrations.ts'
import { openDatabase } from './openDatabase.ts'

export async function migrateDown(): Promise<void> {
  const database = await openDatabase(readConfig(), { info: console.log, warn: console.warn })
  try {
    const name = await takeBackLatest(database.url)
    console.log(name === undefined ? 'No migration is applied.' : `Took back ${name}.`)
  } finally {
    await database.stop()
  }
}
