// Prints the output of commands and detects write failures.
import { constants, fstatSync, readFileSync, statSync } from 'node:fs'
import { READER_ENDED, writeToStdout } from '../standardOutput.ts'

/** The output could not be printed. The message is a sentence. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
}

/** Prints a line. Resolves to false if the reader has closed, as `head` does. @throws OutputError if it cannot be written */
export function print(line: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    writeToStdout(`${line}\n`, (error) => {
      if (!error) resolve(true)
      else if (error.code === READER_ENDED) resolve(false)
      else reject(outputError(error))
    })
  })
}

/** Returns a function for the write failure of `console.log`, which ignores it; undefined without one, or if the reader has closed. */
export function watchConsole(): () => OutputError | undefined {
  let failure: NodeJS.ErrnoException | undefined
  process.stdout.on('error', (error) => {
    failure ??= error
  })
  return () => (failure === undefined || failure.code === READER_ENDED ? undefined : outputError(failure))
}

/** Whether stdout is /dev/null, which Node also opens if stdout is closed. */
export function isDiscarded(): boolean {
  return isNull(1)
}

/**
 * For commands that only show something: their output must not be lost because stdout is closed. A
 * redirection to /dev/null is intended.
 *
 * @throws OutputError if stdout is closed
 */
export function requireShown(): void {
  if (isClosed(1) && !isClosed(2)) throw new OutputError('The output could not be written: standard output is closed.')
}

function isNull(descriptor: number): boolean {
  const output = fstatSync(descriptor)
  return output.isCharacterDevice() && output.rdev === statSync('/dev/null').rdev
}

/** A shell opens /dev/null write-only; Node, and supervisors that discard all output, open it for reading too. */
function isClosed(descriptor: number): boolean {
  if (!isNull(descriptor)) return false
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0'
    return (Number.parseInt(flags, 8) & (constants.O_WRONLY | constants.O_RDWR)) === constants.O_RDWR
  } catch {
    // Available on Linux only.
    return false
  }
}

function outputError(cause: Error): OutputError {
  return new OutputError(`The output could not be written: ${cause.message}.`, { cause })
}
