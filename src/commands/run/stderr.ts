// Messages of `jobledger run` itself: one line on stderr, which cron mails, and none on success.
import { writeSync } from 'node:fs'

/**
 * Not console, which would make the shared descriptor non-blocking. A closed stderr is not an
 * error.
 */
export function writeStderr(sentence: string): void {
  try {
    writeSync(2, `jobledger run: ${sentence}\n`)
  } catch {
    // There is no other place to report it.
  }
}
