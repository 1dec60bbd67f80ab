// Node decodes arguments as UTF-8 and replaces invalid bytes with U+FFFD, so it cannot forward
// them.
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { UsageError } from '../program/usageError.ts'

/**
 * Refuses to run a program with altered arguments. Only Linux shows the original bytes; elsewhere
 * this check is skipped.
 *
 * @throws UsageError if the command line of this process is not UTF-8
 */
export function requireUtf8Words(): void {
  const bytes = ownCommandLine()
  if (bytes === undefined || isUtf8(bytes)) return
  throw new UsageError('the command line is not valid UTF-8, so the program would get different arguments.')
}

function ownCommandLine(): Buffer | undefined {
  try {
    return readFileSync('/proc/self/cmdline')
  } catch {
    return undefined
  }
}
