// What a command prints on standard output, and the failure to print it.
import { constants, fstatSync, readFileSync, statSync } from 'node:fs'
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
  return isNull(1)
}

/**
 * For a command that only shows something: what it shows must not be lost because standard output is closed. Where a shell has sent it to
 * /dev/null, that is meant.
 *
 * @throws OutputError if standard output is closed
 */
export function requireShown(): void {
  if (isClosed(1) && !isClosed(2)) throw new OutputError('The output could not be written: standard output is closed.')
}

function isNull(descriptor: number): boolean {
  const output = fstatSync(descriptor)
  return output.isCharacterDevice() && output.rdev === statSync('/dev/null').rdev
}

/** A shell opens /dev/null for writing only, Node in place of what is closed for reading too, and so do programs that discard all output. */
function isClosed(descriptor: number): boolean {
  if (!isNull(descriptor)) return false
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0'
    return (Number.parseInt(flags, 8) & (constants.O_WRONLY | constants.O_RDWR)) === constants.O_RDWR
  } catch {
    // Only Linux shows it.
    return false
  }
}

function outputError(cause: Error): OutputError {
  return new OutputError(`The output could not be written: ${cause.message}.`, { cause })
}
