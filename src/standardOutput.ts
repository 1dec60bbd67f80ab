// Standard output. Node's stream ignores that a file has taken only a part of a text, and throws where nobody listens for errors:
// files and devices are written here, pipes and terminals by the stream, which does not block.
import { fstatSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'

const STDOUT = 1
const POLL_MS = 20

/** Of an error: the reader of a pipe has ended, as `head` does. */
export const READER_ENDED = 'EPIPE'

let isStream: boolean | undefined
/** A file that was full has a part of the last line. */
let isLineOpen = false

/**
 * Writes to standard output. `done` gets the error, if any: at once for a file or a device, later for a pipe or a terminal.
 * Does not throw.
 */
export function writeToStdout(text: string, done: (error?: NodeJS.ErrnoException | null) => void): void {
  isStream ??= openStream()
  if (isStream) process.stdout.write(text, done)
  else done(writeToFile(text))
}

/** Bytes that a pipe or a terminal has not taken yet; 0 for a file. */
export function waitingBytes(): number {
  return isStream ? process.stdout.writableLength : 0
}

/** Resolves when a pipe or a terminal has taken all that was written, or after `timeoutMs`. */
export async function flushStdout(timeoutMs: number): Promise<void> {
  const endsAt = performance.now() + timeoutMs
  while (waitingBytes() > 0 && performance.now() < endsAt) await sleep(POLL_MS)
}

function openStream(): boolean {
  const kind = fstatSync(STDOUT)
  if (!(kind.isFIFO() || kind.isSocket() || isatty(STDOUT))) return false
  // Without a listener the error of a write ends the process.
  process.stdout.on('error', () => undefined)
  return true
}

function writeToFile(text: string): NodeJS.ErrnoException | undefined {
  let rest = Buffer.from(isLineOpen ? `\n${text}` : text)
  try {
    while (rest.length > 0) {
      const written = writeSync(STDOUT, rest)
      rest = rest.subarray(written)
      isLineOpen = rest.length > 0
    }
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}
