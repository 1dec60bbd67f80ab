// What `jobledger run` itself has to say: one line on stderr, which cron mails, and nothing when all is well.
import { writeSync } from 'node:fs'

/** Not through console: that would change the descriptor for the program that shares it. Nobody to hear it is no failure. */
export function writeStderr(sentence: string): void {
  try {
    writeSync(2, `jobledger run: ${sentence}\n`)
  } catch {
    // There is nowhere else to say it.
  }
}
