// What a command prints on standard output, and the failure to print it.
import { fstatSync, statSync } from 'node:fs'
import { READER_ENDED, writeToStdout } from '../standardOutput.ts'

/** What a command had to print could not be printed. The message is a sentence. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
}

/** Prints a line. Resolves to false if its reader has ended, as `head` does. @throws OutputError if it cannot be written */
export function print(line: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    writeToStdout(`${line}\n`, (error) => {
      if (!error) resolve(true)
      else if (error.code === READER_ENDED) resolve(false)
      else reject(outputError(error))
    })
  })
}

/** The failure to write what `console.log` prints, which ignores it; undefined if there was none, or its reader has ended. */
export function watchConsole(): () => OutputError | undefined {
  let failure: NodeJS.ErrnoException | undefined
  process.stdout.on('error', (error) => {
    failure ??= error
  })
  return () => (failure === undefined || failure.code === READER_ENDED ? undefined : outputError(failure))
}

/** Whether what is printed goes nowhere: to /dev/null, which Node also opens in place of a standard output that is closed. */
export function isDiscarded(): boolean {
  const output = fstatSync(1)
  return output.isCharacterDevice() && output.rdev === statSync('/dev/null').rdev
}

function outputError(cause: Error): OutputError {
  return new OutputError(`The output could not be written: ${cause.message}.`, { cause })
}
