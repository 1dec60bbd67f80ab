// Arguments that Node cannot hand on as they came: it reads them as UTF-8, and puts U+FFFD in the place of what is none.
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { UsageError } from '../program/usageError.ts'

/**
 * Refuses to run a program with other arguments than were meant. Only Linux shows the bytes; elsewhere they go unnoticed.
 *
 * @throws UsageError if the command line of this process is not UTF-8
 */
export function requireUtf8Words(): void {
  const bytes = ownCommandLine()
  if (bytes === undefined || isUtf8(bytes)) return
  throw new UsageError('the command line is not UTF-8, and the program would get other arguments than these.')
}

function ownCommandLine(): Buffer | undefined {
  try {
    return readFileSync('/proc/self/cmdline')
  } catch {
    return undefined
  }
}
