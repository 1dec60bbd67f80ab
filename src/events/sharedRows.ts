// The rows of new records, read once for all subscriptions that select the same columns.
import { setImmediate } from 'node:timers'
import { LRUCache } from 'lru-cache'
import type { StatementWatch } from '../database/cancellation.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { FairGate } from '../fairness/fairGate.ts'
import type { Position } from '../ledger/eventOrder.ts'
import { type EventRecord, readRecords } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { BatchSize, readWithin } from './boundedRead.ts'
import type { RecentRecord } from './recentRecords.ts'

type Select = Prisma.JobStateRecordSelect | undefined
/** Requested rows; undefined for a record that no longer exists. */
type Rows = ReadonlyMap<bigint, EventRecord | undefined>

/** Maximum size of cached rows, as sent by the database. */
const MAX_BYTES = 16 * 1024 * 1024
/** A row may show its job as it was this long ago. */
const TTL_MS = 1000
/** Maximum number of remembered selections. */
const MAX_SHAPES = 1000
/**
 * Rows that one statement reads, and their target size in bytes as sent by the database. A single
 * row may be larger.
 */
const BATCH = { first: 16, max: 200, targetBytes: 1024 * 1024 }
/** The selected columns and relations. Subscriptions that select the same have the same shape. */
export interface Shape {
  readonly select: Select
  readonly name: number
  readonly batchSize: BatchSize
  /** The batch that accepts more ids until its statement starts. */
  collecting: Batch | undefined
  /** Batches in progress by record id. */
  readonly reading: Map<bigint, Batch>
}

interface Batch {
  readonly records: RecentRecord[]
  readonly rows: Promise<Rows>
  /** The batch is read in the next turn of any caller that waits for it. */
  join(caller: string): void
}

interface Reader {
  readonly caller: string
  readonly ended: StatementWatch['onStatement']
}

export class SharedRows {
  private readonly ledger: Ledger
  private readonly statements: FairGate
  private readonly shapes = new LRUCache<string, Shape>({ max: MAX_SHAPES })
  private readonly rows = new LRUCache<string, EventRecord>({ maxSize: MAX_BYTES, ttl: TTL_MS })
  private readonly maxRowBytes: number
  private shapesMade = 0

  constructor(ledger: Ledger, statements: FairGate, maxRowBytes: number) {
    this.ledger = ledger
    this.statements = statements
    this.maxRowBytes = maxRowBytes
  }

  shapeOf(select: Select): Shape {
    const key = JSON.stringify(select) ?? ''
    const known = this.shapes.get(key)
    if (known) return known
    this.shapesMade += 1
    const shape: Shape = {
      select,
      name: this.shapesMade,
      batchSize: new BatchSize(BATCH, this.maxRowBytes),
      collecting: undefined,
      reading: new Map(),
    }
    this.shapes.set(key, shape)
    return shape
  }

  /** The cached row, if any. */
  find(shape: Shape, record: RecentRecord): EventRecord | undefined {
    return this.rows.get(keyOf(shape, record))
  }

  /**
   * Reads the first record, and with it as many of the others as one statement may. Undefined if it
   * no longer exists.
   *
   * @throws EventTooLargeError; database errors
   */
  async read(shape: Shape, records: readonly RecentRecord[], reader: Reader): Promise<EventRecord | undefined> {
    const [first] = records as [RecentRecord]
    for (;;) {
      const kept = this.find(shape, first)
      if (kept) return kept
      const batch = shape.reading.get(first.id) ?? this.collect(shape, records, reader)
      batch.join(reader.caller)
      const rows = await batch.rows
      // The rows were too large: retry with fewer.
      if (!rows.has(first.id)) continue
      const row = rows.get(first.id)
      // The ledger may have been restored in the meantime.
      return row?.transactionId === first.transactionId ? row : undefined
    }
  }

  private collect(shape: Shape, records: readonly RecentRecord[], { ended }: Reader): Batch {
    const batch = shape.collecting ?? this.open(shape, ended)
    for (const record of records) {
      if (shape.collecting === undefined) break
      if (shape.reading.has(record.id) || this.find(shape, record)) continue
      batch.records.push(record)
      shape.reading.set(record.id, batch)
      if (batch.records.length >= shape.batchSize.rows) shape.collecting = undefined
    }
    return batch
  }

  private open(shape: Shape, ended: StatementWatch['onStatement']): Batch {
    const records: RecentRecord[] = []
    const callers = new Set<string>()
    let resolve: (rows: Promise<Rows>) => void = () => undefined
    const rows = new Promise<Rows>((settle) => {
      resolve = settle
    })
    let isStarted = false
    const read = async (): Promise<void> => {
      if (isStarted) return
      isStarted = true
      if (shape.collecting === batch) shape.collecting = undefined
      const loaded = this.load(shape, records, ended).finally(() => {
        for (const { id } of records) shape.reading.delete(id)
      })
      resolve(loaded)
      await loaded.catch(() => undefined)
    }
    const join = (caller: string): void => {
      if (callers.has(caller)) return
      callers.add(caller)
      // Wait for other subscriptions of this event loop pass to join.
      setImmediate(() => void this.statements.run(caller, read))
    }
    const batch = { records, rows, join }
    shape.collecting = batch
    return batch
  }

  private async load(
    shape: Shape,
    records: readonly RecentRecord[],
    onStatement: StatementWatch['onStatement'],
  ): Promise<Rows> {
    const maxBytes = shape.batchSize.maxBytesOf(records.length)
    // No signal: the end of one subscription must not cancel the read for others.
    const read = await readWithin({ maxBytes, onStatement }, () => readRecords(this.ledger, records, shape.select))
    shape.batchSize.adapt(read, records.length)
    if (read === undefined) return new Map()
    const size = Math.max(1, Math.ceil(read.bytes / Math.max(1, read.rows.length)))
    for (const row of read.rows) this.rows.set(keyOf(shape, row), row, { size })
    const found = new Map(read.rows.map((row) => [row.id, row]))
    return new Map(records.map(({ id }) => [id, found.get(id)]))
  }
}

function keyOf({ name }: Shape, { epoch, id }: Position): string {
  return `${name} ${epoch} ${id}`
}
