// The end of every command: what an expected failure looks like on the terminal, and what an unexpected one.
import { setImmediate as settled } from 'node:timers/promises'
import { flushStdout } from '../standardOutput.ts'
import { watchConsole } from './output.ts'

/** What may still hold the process once its command is done: a connection that does not end. */
const LAST_MS = 3000
/** A slow reader of a pipe has so long to take the last lines. */
const FLUSH_MS = 30_000

/** Runs a command to its end. A failure becomes exit code 1: one sentence on stderr if it was to be expected, its stack if not.
 * Output that could not be written is one of them. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  const consoleFailure = watchConsole()
  try {
    await command()
    // Node reports what a file has refused in the next round.
    await settled()
    const failure = consoleFailure()
    if (failure) throw failure
  } catch (error) {
    process.exitCode = 1
    // Loaded only now: it knows every part of the program.
    const { expectedMessage } = await import('./expectedFailures.ts')
    console.error(expectedMessage(error) ?? stackOf(error))
  }
  setTimeout(() => void flushStdout(FLUSH_MS).then(() => process.exit()), LAST_MS).unref()
}

/** Not all that an error holds: PostgreSQL's repeat the content of rows. */
function stackOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return error.cause === undefined ? error.stack : `${error.stack}\nCaused by: ${stackOf(error.cause)}`
}
