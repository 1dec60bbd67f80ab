// Runs a command and reports its failure on the terminal.
import { setImmediate as settled } from 'node:timers/promises'
import { flushStdout } from '../standardOutput.ts'
import { watchConsole } from './output.ts'

/** Time limit for connections that keep the process alive after its command has ended. */
const EXIT_MS = 3000
/** Time limit for a slow reader to take the last lines. */
const FLUSH_MS = 30_000

/**
 * Runs a command. A failure, including one to write output, sets exit code 1 and prints one
 * sentence if it was expected, else its stack.
 */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  const consoleFailure = watchConsole()
  try {
    await command()
    // Node reports write errors of files in the next event loop pass.
    await settled()
    const failure = consoleFailure()
    if (failure) throw failure
  } catch (error) {
    process.exitCode = 1
    // Loaded on demand, because it imports every part of the program.
    const { expectedMessage } = await import('./expectedFailures.ts')
    console.error(expectedMessage(error) ?? stackOf(error))
  }
  setTimeout(() => void flushStdout(FLUSH_MS).then(() => process.exit()), EXIT_MS).unref()
}

/** Only the stacks: other fields of PostgreSQL errors contain data of rows. */
function stackOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return error.cause === undefined ? error.stack : `${error.stack}\nCaused by: ${stackOf(error.cause)}`
}
