// The destination of the log: standard output. pino's own destination retries a full disk or a full
// pipe forever and blocks the process. This one drops lines that cannot be written.
import { hasReaderEnded, waitingBytes, writeToStdout } from './standardOutput.ts'

/** Maximum bytes of lines waiting for a reader. Further lines are dropped. */
const MAX_WAITING_BYTES = 1024 * 1024

export class LogOutput {
  private dropped = 0

  constructor() {
    // Standard error may be on the same full disk.
    process.stderr.on('error', () => undefined)
  }

  /**
   * Writes a line or drops it. Reports on standard error when it starts and when it stops dropping
   * lines.
   */
  write(line: string): void {
    if (waitingBytes() > MAX_WAITING_BYTES) this.drop('its reader does not read it')
    else writeToStdout(line, (error) => (error ? this.drop(causeOf(error)) : this.resume()))
  }

  private drop(cause: string): void {
    this.dropped += 1
    if (this.dropped === 1)
      report(`The log cannot be written: ${cause}. Lines are dropped until it can be written again.`)
  }

  private resume(): void {
    if (this.dropped === 0 || waitingBytes() > MAX_WAITING_BYTES) return
    report(`The log can be written again; ${this.dropped} ${this.dropped === 1 ? 'line was' : 'lines were'} dropped.`)
    this.dropped = 0
  }
}

function causeOf(error: NodeJS.ErrnoException): string {
  return hasReaderEnded(error) ? 'its reader has ended' : error.message
}

function report(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}
