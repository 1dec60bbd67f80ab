// The records between a subscription's position and the horizon, read page by page as the
// subscriber consumes them.
import { setTimeout } from 'node:timers'
import { withAbortSignal } from '../database/cancellation.ts'
import type { Release } from '../fairness/fairGate.ts'
import type { Position } from '../ledger/eventOrder.ts'
import { type EventRecord, nextBatchEnd, readEvents } from '../ledger/events.ts'
import { BatchSize, readWithin } from './boundedRead.ts'
import { type FollowOptions, retryWhileDown } from './followOptions.ts'

/**
 * Records of a page, and its target size in bytes as the database sends it. A single record may be
 * larger.
 */
const PAGE = { first: 4, max: 50, targetBytes: 128 * 1024 }
/** Maximum number of records that one statement scans for matches. */
const SCAN_BATCH = 10_000
/**
 * A page whose next record is not consumed within this time is dropped, and read again from that
 * record.
 */
const PAGE_TTL_MS = 1000

/** The adaptive page size of one subscription. */
export function newPageSize(maxRowBytes: number): BatchSize {
  return new BatchSize(PAGE, maxRowBytes)
}

export interface BacklogOptions extends FollowOptions {
  readonly pageSize: BatchSize
}

/**
 * Yields all matching records between a position and the horizon; returns the position at the
 * horizon.
 */
export async function* readBacklog(
  options: BacklogOptions,
  from: Position,
): AsyncGenerator<EventRecord, Position, undefined> {
  const { ledger, signal, statementEnded: onStatement } = options
  for (let position = from; ; ) {
    const { end, isLast, isEmpty } = await retryWhileDown(options, () =>
      withAbortSignal({ signal }, () => nextBatchEnd(ledger, position, SCAN_BATCH), { onStatement, readsOnly: true }),
    )
    if (!isEmpty) yield* readRange(options, position, end)
    if (isLast) return end
    position = end
  }
}

async function* readRange(
  options: BacklogOptions,
  from: Position,
  upTo: Position,
): AsyncGenerator<EventRecord, void, undefined> {
  const { feed, caller, signal } = options
  for (let position = from; ; ) {
    const page = new Page(await feed.pages.enter(caller))
    try {
      await page.read(options, position, upTo)
      for (let record = page.take(); record; record = page.take()) {
        await feed.turns.next(caller)
        signal.throwIfAborted()
        page.lend()
        yield record
        page.resume()
        position = record
      }
      if (page.isLast) return
    } finally {
      page.drop()
    }
  }
}

/** A page in memory. */
class Page {
  private rows: EventRecord[] = []
  private next = 0
  private isFull = true
  private timer: NodeJS.Timeout | undefined
  private readonly release: Release

  constructor(release: Release) {
    this.release = release
  }

  async read(options: BacklogOptions, position: Position, upTo: Position): Promise<void> {
    const { ledger, filter, select, signal, pageSize, statementEnded: onStatement } = options
    for (;;) {
      const max = pageSize.rows
      const maxBytes = pageSize.maxBytesOf(max)
      const page = await retryWhileDown(options, () =>
        readWithin({ maxBytes, signal, onStatement }, () =>
          readEvents(ledger, { after: position, upTo, max, filter, select }),
        ),
      )
      pageSize.adapt(page, max)
      if (page === undefined) continue
      this.rows = page.rows
      this.isFull = page.rows.length === max
      return
    }
  }

  /** The next record; undefined if none is left in memory. */
  take(): EventRecord | undefined {
    this.next += 1
    return this.rows[this.next - 1]
  }

  /** Whether this page is the last of its range and was consumed. */
  get isLast(): boolean {
    return !this.isFull && this.next > this.rows.length
  }

  /** The subscriber has a record, and may be slow. */
  lend(): void {
    this.timer = setTimeout(() => this.drop(), PAGE_TTL_MS)
    this.timer.unref()
  }

  resume(): void {
    clearTimeout(this.timer)
  }

  drop(): void {
    clearTimeout(this.timer)
    // The rest is read again.
    if (this.next < this.rows.length) this.isFull = true
    this.rows = []
    this.release()
  }
}
