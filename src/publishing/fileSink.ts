// Hands the ledger on to a file: a line of JSON for each event, as `jobledger tail --json` prints them.
import { type FileHandle, open } from 'node:fs/promises'
import { writeJson } from '../database/rows/exactNumbers.ts'
import type { EventSink } from './eventSink.ts'
import type { LedgerEvent } from './ledgerEvent.ts'

const NEWLINE = 0x0a
/** Events hold what jobs are about: for the owner alone. */
const MODE = 0o600

/** The file of EVENTS_FILE cannot be written. The message is complete: print it without a stack trace. */
export class EventsFileError extends Error {
  override readonly name = 'EventsFileError'
}

/** Creates the file if there is none. @throws EventsFileError unless it is a regular file that can be appended to */
export async function requireWritable(path: string): Promise<void> {
  try {
    const file = await openToAppend(path)
    // Files of /proc open like others, and then take neither a write nor this.
    await file.datasync().finally(() => file.close())
  } catch (error) {
    throw new EventsFileError(`EVENTS_FILE cannot be written: ${(error as Error).message}.`, { cause: error })
  }
}

/** Pipes, sockets and devices do not keep what is written to them. */
async function openToAppend(path: string): Promise<FileHandle> {
  const file = await open(path, 'a+', MODE)
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new Error(`'${path}' is not a regular file`)
}

/** `path` is absolute. The file is opened anew for each batch, so that it may be moved away while the server runs. */
export function createFileSink(path: string): EventSink {
  return {
    name: `file:${path}`,
    async publish(events) {
      const file = await openToAppend(path)
      try {
        // A process that was killed may have left half a line.
        const begin = (await endsWithLine(file)) ? '' : '\n'
        await file.appendFile(begin + events.map(lineOf).join(''))
        await file.datasync()
        return []
      } finally {
        await file.close()
      }
    },
    close: async () => undefined,
  }
}

function lineOf(event: LedgerEvent): string {
  return `${writeJson(event)}\n`
}

async function endsWithLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return true
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] === NEWLINE
}
