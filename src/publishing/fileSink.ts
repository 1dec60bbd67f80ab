// Publishes the ledger to a file: one line of JSON for each event, as `jobledger tail --json`
// prints it.
import { type FileHandle, open } from 'node:fs/promises'
import { writeJson } from '../database/rows/exactNumbers.ts'
import type { EventSink } from './eventSink.ts'
import type { LedgerEvent } from './ledgerEvent.ts'

const NEWLINE = 0x0a
/** Events contain the data of jobs, so only the owner may read the file. */
const MODE = 0o600

/** EVENTS_FILE is not writable. The message is complete: print it without a stack trace. */
export class EventsFileError extends Error {
  override readonly name = 'EventsFileError'
}

/**
 * Creates the file if it does not exist.
 *
 * @throws EventsFileError unless it is a regular file open to appending
 */
export async function requireWritable(path: string): Promise<void> {
  try {
    const file = await openToAppend(path)
    // Files of /proc can be opened, but neither written nor synchronized.
    await file.datasync().finally(() => file.close())
  } catch (error) {
    throw new EventsFileError(`EVENTS_FILE is not writable: ${(error as Error).message}.`, { cause: error })
  }
}

/** Refuses pipes, sockets and devices, which do not store what is written. */
async function openToAppend(path: string): Promise<FileHandle> {
  const file = await open(path, 'a+', MODE)
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new Error(`'${path}' is not a regular file`)
}

/**
 * `path` must be absolute. The file is reopened for each batch, so that it can be rotated while the
 * server runs.
 */
export function createFileSink(path: string): EventSink {
  return {
    name: `file:${path}`,
    async publish(events) {
      const file = await openToAppend(path)
      try {
        // A killed process may have left an incomplete line.
        const separator = (await endsWithLine(file)) ? '' : '\n'
        await file.appendFile(separator + events.map(lineOf).join(''))
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
