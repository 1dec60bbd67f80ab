// Prints the output of commands and detects write failures.
import { fstatSync, statSync } from 'node:fs'
import { hasReaderEnded, STDOUT, writeToStdout } from '../standardOutput.ts'

/** The output could not be printed. The message is a sentence. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
}

/**
 * Prints a line. Resolves to false if the reader has closed, as `head` does.
 *
 * @throws OutputError if it cannot be written
 */
export function print(line: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    writeToStdout(`${line}\n`, (error) => {
      if (!error) resolve(true)
      else if (hasReaderEnded(error)) resolve(false)
      else reject(outputError(error))
    })
  })
}

/**
 * Returns a function for the write failure of `console.log`, which ignores it; undefined without
 * one, or if the reader has closed.
 */
export function watchConsole(): () => OutputError | undefined {
  let failure: NodeJS.ErrnoException | undefined
  process.stdout.on('error', (error) => {
    failure ??= error
  })
  return () => (failure === undefined || hasReaderEnded(failure) ? undefined : outputError(failure))
}

/**
 * Whether stdout is /dev/null. Node opens it in place of a closed stdout, exactly as Python and
 * Node open it for the programs that they start, so the two cannot be distinguished.
 */
export function isDiscarded(): boolean {
  const output = fstatSync(STDOUT)
  return output.isCharacterDevice() && output.rdev === statSync('/dev/null').rdev
}

function outputError(cause: Error): OutputError {
  return new OutputError(`The output could not be written: ${cause.message}.`, { cause })
}
