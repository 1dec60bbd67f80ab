// Statements that read as many rows as may be held in memory. How large rows are is known only when they come.
import { type StatementWatch, withAbortSignal } from '../database/cancellation.ts'

export interface ReadBounds {
  readonly maxBytes: number
  /** Gives the statement up. */
  readonly signal?: AbortSignal | undefined
  readonly onStatement: StatementWatch['onStatement']
}

export interface BoundedRead<Row> {
  readonly rows: Row[]
  /** As the database sent them. */
  readonly bytes: number
}

/** One event takes more to read than the limit. */
export class EventTooLargeError extends Error {
  override readonly name = 'EventTooLargeError'
  readonly limitBytes: number

  constructor(limitBytes: number) {
    super(
      `The database would send more than ${limitBytes} bytes for the event, which is the limit. Ask for less of what is large (content, output, metadata, stateHistory).`,
    )
    this.limitBytes = limitBytes
  }
}

/** What `read` reads; undefined if that is more than `maxBytes`, and the statement was given up. @throws what `read` throws */
export async function readWithin<Row>(
  { maxBytes, signal, onStatement }: ReadBounds,
  read: () => Promise<Row[]>,
): Promise<BoundedRead<Row> | undefined> {
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal?.reason)
  let bytes = 0
  let isTooLarge = false
  const onBytes = (more: number): void => {
    bytes += more
    if (isTooLarge || bytes <= maxBytes) return
    isTooLarge = true
    stop.abort(new Error('the rows are too large to be held'))
  }
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const rows = await withAbortSignal(stop.signal, read, { onBytes, onStatement, readsOnly: true })
    return isTooLarge ? undefined : { rows, bytes }
  } catch (error) {
    signal?.throwIfAborted()
    if (isTooLarge) return undefined
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

export interface BatchSettings {
  readonly first: number
  readonly max: number
  readonly targetBytes: number
}

/** How many rows one statement reads: few at first, then as many as their size allows. */
export class BatchSize {
  rows: number
  private readonly max: number
  private readonly targetBytes: number
  private readonly maxRowBytes: number

  /** A single row may be larger than `targetBytes`, but not than `maxRowBytes`. */
  constructor({ first, max, targetBytes }: BatchSettings, maxRowBytes: number) {
    this.rows = first
    this.maxRowBytes = maxRowBytes
    this.max = max
    this.targetBytes = targetBytes
  }

  /** Maximum number of bytes that this many rows may bring. */
  maxBytesOf(rows: number): number {
    return rows === 1 ? this.maxRowBytes : 4 * this.targetBytes
  }

  /** After a statement for `asked` rows; undefined: what it read was too large. @throws EventTooLargeError if it was a single row */
  learn(read: BoundedRead<unknown> | undefined, asked: number): void {
    if (read === undefined && asked === 1) throw new EventTooLargeError(this.maxRowBytes)
    if (read === undefined) this.rows = Math.max(1, Math.floor(this.rows / 4))
    else if (read.rows.length > 0) {
      const fitting = Math.floor(this.targetBytes / (read.bytes / read.rows.length || 1))
      this.rows = Math.max(1, Math.min(this.max, fitting, this.rows * 2))
    }
  }
}
