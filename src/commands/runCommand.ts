// The end of every command: what an expected failure looks like on the terminal, and what an unexpected one.
/** What may still hold the process once its command is done: a connection that does not end. */
const LAST_MS = 3000

/** Runs a command to its end. A failure becomes exit code 1: one sentence on stderr if it was to be expected, its stack if not. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    process.exitCode = 1
    // Loaded only now: it knows every part of the program.
    const { isExpected } = await import('./expectedFailures.ts')
    console.error(isExpected(error) ? error.message : error)
  }
  setTimeout(() => process.exit(), LAST_MS).unref()
}
