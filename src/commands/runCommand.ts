// The end of every command: what an expected failure looks like on the terminal, and what an unexpected one.
import { ApiKeyError } from '../access/apiKeys.ts'
import { ConfigError } from '../config.ts'
import { UnusableDatabaseError } from '../database/checkDatabase.ts'
import { EmbeddedDatabaseError } from '../database/embedded/errors.ts'
import { MigrationError } from '../database/migrations.ts'
import { ListenError } from '../http/server.ts'
import { InvalidInputError } from '../ledger/errors.ts'
import { DemoError } from './demo/demoError.ts'
import { SeedError } from './seed/seedError.ts'

/** Failures that the person at the terminal can mend; their messages are complete sentences. */
const EXPECTED = [
  ConfigError,
  UnusableDatabaseError,
  EmbeddedDatabaseError,
  MigrationError,
  ListenError,
  DemoError,
  SeedError,
  ApiKeyError,
  InvalidInputError,
]

/** What may still hold the process once its command is done: a connection that does not end. */
const LAST_MS = 3000

/** Runs a command to its end. A failure becomes exit code 1: one sentence on stderr if it was to be expected, its stack if not. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    process.exitCode = 1
    console.error(EXPECTED.some((kind) => error instanceof kind) ? (error as Error).message : error)
  }
  setTimeout(() => process.exit(), LAST_MS).unref()
}
