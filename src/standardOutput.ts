// Writes to standard output. Node's stream ignores partial writes to files, and throws without an
// error listener. So files and devices are written here directly; pipes and terminals use the
// stream, which does not block.
import { fstatSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'

/** The descriptor. */
export const STDOUT = 1
const POLL_MS = 20

/**
 * Whether a write failed because the reader has ended, as `head` does. A blocked write to a socket,
 * which Node programs use as a pipe, fails with ECONNRESET if its reader ended with unread data.
 */
export function hasReaderEnded({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET'
}

let isStream: boolean | undefined
/** The last line was written in part because the file was full. */
let isLineOpen = false

/**
 * Writes to standard output. `done` gets the error, if any: immediately for a file or a device,
 * later for a pipe or a terminal. Does not throw.
 */
export function writeToStdout(text: string, done: (error?: NodeJS.ErrnoException | null) => void): void {
  isStream ??= openStream()
  if (isStream) process.stdout.write(text, done)
  else done(writeToFile(text))
}

/** Number of bytes that a pipe or a terminal has not accepted yet. 0 for a file. */
export function waitingBytes(): number {
  return isStream ? process.stdout.writableLength : 0
}

/** Resolves when a pipe or a terminal has accepted all output, or after `timeoutMs`. */
export async function flushStdout(timeoutMs: number): Promise<void> {
  const endsAt = performance.now() + timeoutMs
  while (waitingBytes() > 0 && performance.now() < endsAt) await sleep(POLL_MS)
}

function openStream(): boolean {
  const kind = fstatSync(STDOUT)
  if (!(kind.isFIFO() || kind.isSocket() || isatty(STDOUT))) return false
  // Without a listener, a write error ends the process.
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
