// Statements whose rows must fit in memory. The size of rows is known only once they arrive.
import { type StatementWatch, withAbortSignal } from '../database/cancellation.ts'

export interface ReadBounds {
  readonly maxBytes: number
  /** Cancels the statement. */
  readonly signal?: AbortSignal | undefined
  readonly onStatement: StatementWatch['onStatement']
}

export interface BoundedRead<Row> {
  readonly rows: Row[]
  /** Size as sent by the database. */
  readonly bytes: number
}

/** Reading one event exceeds the limit. */
export class EventTooLargeError extends Error {
  override readonly name = 'EventTooLargeError'
  readonly limitBytes: number

  constructor(limitBytes: number) {
    super(
      `The event exceeds the limit of ${limitBytes} bytes that the database may send. Select ` +
        'fewer large fields (content, output, metadata, stateHistory).',
    )
    this.limitBytes = limitBytes
  }
}

/**
 * The rows of `read`; undefined if they exceed `maxBytes`, in which case the statement was
 * cancelled.
 *
 * @throws what `read` throws
 */
export async function readWithin<Row>(
  { maxBytes, signal, onStatement }: ReadBounds,
  read: () => Promise<Row[]>,
): Promise<BoundedRead<Row> | undefined> {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(signal?.reason)
  let bytes = 0
  let isTooLarge = false
  const onBytes = (more: number): void => {
    bytes += more
    if (isTooLarge || bytes <= maxBytes) return
    isTooLarge = true
    controller.abort(new Error('the rows exceed the memory limit'))
  }
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const rows = await withAbortSignal(controller, read, { onBytes, onStatement, readsOnly: true })
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

/** Number of rows that one statement reads: few at first, then as many as their size permits. */
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

  /** Maximum number of bytes for this many rows. */
  maxBytesOf(rows: number): number {
    return rows === 1 ? this.maxRowBytes : 4 * this.targetBytes
  }

  /**
   * Adapts after a statement for `requested` rows; `read` is undefined if they were too large.
   *
   * @throws EventTooLargeError for a single row
   */
  adapt(read: BoundedRead<unknown> | undefined, requested: number): void {
    if (read === undefined && requested === 1) throw new EventTooLargeError(this.maxRowBytes)
    if (read === undefined) this.rows = Math.max(1, Math.floor(this.rows / 4))
    else if (read.rows.length > 0) {
      const fitting = Math.floor(this.targetBytes / (read.bytes / read.rows.length || 1))
      this.rows = Math.max(1, Math.min(this.max, fitting, this.rows * 2))
    }
  }
}
