// Hands the ledger on to a file: a line of JSON for each event, as `jobledger tail --json` prints them.
import { type FileHandle, open } from 'node:fs/promises'
import type { EventSink } from './eventSink.ts'
import type { LedgerEvent } from './ledgerEvent.ts'

const NEWLINE = 0x0a

/** `path` is absolute. The file is opened anew for each batch, so that it may be moved away while the server runs. */
export function createFileSink(path: string): EventSink {
  return {
    name: `file:${path}`,
    async publish(events) {
      const file = await open(path, 'a+', 0o600)
      try {
        // A process that was killed may have left half a line.
        const begin = (await endsWithLine(file)) ? '' : '\n'
        await file.appendFile(begin + events.map(lineOf).join(''))
        await file.datasync()
      } finally {
        await file.close()
      }
    },
    close: async () => undefined,
  }
}

function lineOf(event: LedgerEvent): string {
  return `${JSON.stringify(event)}\n`
}

async function endsWithLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return true
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] === NEWLINE
}
