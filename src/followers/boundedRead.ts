// Statements that read as many rows as may be held in memory. How large rows are is known only when they come.
import { givenUpOn, type StatementWatch } from '../database/cancellation.ts'

export interface ReadBounds {
  readonly maxBytes: number
  /** Gives the statement up. */
  readonly signal?: AbortSignal | undefined
  readonly ended: StatementWatch['ended']
}

export interface BoundedRead<Row> {
  readonly rows: Row[]
  /** As the database sent them. */
  readonly bytes: number
}

/** What `read` reads; undefined if that is more than `maxBytes`, and the statement was given up. @throws what `read` throws */
export async function readWithin<Row>(
  { maxBytes, signal, ended }: ReadBounds,
  read: () => Promise<Row[]>,
): Promise<BoundedRead<Row> | undefined> {
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal?.reason)
  let bytes = 0
  let isTooLarge = false
  const received = (more: number): void => {
    bytes += more
    if (isTooLarge || bytes <= maxBytes) return
    isTooLarge = true
    stop.abort(new Error('the rows are too large to be held'))
  }
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const rows = await givenUpOn(stop.signal, read, { received, ended, readsOnly: true })
    return isTooLarge ? undefined : { rows, bytes }
  } catch (error) {
    signal?.throwIfAborted()
    if (isTooLarge) return undefined
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** How many rows one statement reads: few at first, then as many as their size allows. */
export class BatchSize {
  rows: number
  private readonly max: number
  private readonly targetBytes: number

  constructor({ first, max, targetBytes }: { first: number; max: number; targetBytes: number }) {
    this.rows = first
    this.max = max
    this.targetBytes = targetBytes
  }

  /** What so many rows may bring. One row is taken whatever its size. */
  maxBytesOf(rows: number): number {
    return rows === 1 ? Number.POSITIVE_INFINITY : 4 * this.targetBytes
  }

  /** After a statement; undefined: what it read was too large. */
  learn(read: BoundedRead<unknown> | undefined): void {
    if (read === undefined) this.rows = Math.max(1, Math.floor(this.rows / 4))
    else if (read.rows.length > 0) {
      const fitting = Math.floor(this.targetBytes / (read.bytes / read.rows.length || 1))
      this.rows = Math.max(1, Math.min(this.max, fitting, this.rows * 2))
    }
  }
}
