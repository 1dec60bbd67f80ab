// The rows of new records, read once for all subscriptions that ask for the same of them.
import { setImmediate as nextPass } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { givenUpOn, type StatementWatch } from '../database/cancellation.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { Position } from '../ledger/eventOrder.ts'
import { type EventRecord, readRecords } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { FairGate } from './fairGate.ts'
import type { RecentRecord } from './recentRecords.ts'

type Select = Prisma.JobStateRecordSelect | undefined
type Rows = ReadonlyMap<bigint, EventRecord>

/** Rows that are kept, as the database sends them. */
const MAX_BYTES = 16 * 1024 * 1024
/** A row shows its job as it was this long ago at most. */
const TTL_MS = 1000
/** Selections that are remembered. */
const MAX_SHAPES = 1000
/** What one statement reads: few rows at first, then as many as their size allows. */
const BATCH = { first: 16, max: 200, bytes: 1024 * 1024 }
/** The caller in whose name rows are read that belong to all. */
const SHARED = ''
/** One subscription that ends must not cancel what others wait for. */
const NEVER = new AbortController().signal

/** What is read of each record: columns and relations. Subscriptions that read the same have the same shape. */
export interface Shape {
  readonly select: Select
  readonly name: number
  rowsPerBatch: number
  /** Takes more ids until its statement begins. */
  collecting: Batch | undefined
  /** By the ids of the records that are being read. */
  readonly reading: Map<bigint, Promise<Rows>>
}

interface Batch {
  readonly records: RecentRecord[]
  readonly rows: Promise<Rows>
}

export class SharedRows {
  private readonly ledger: Ledger
  private readonly statements: FairGate
  private readonly shapes = new LRUCache<string, Shape>({ max: MAX_SHAPES })
  private readonly rows = new LRUCache<string, EventRecord>({ maxSize: MAX_BYTES, ttl: TTL_MS })
  private shapesMade = 0

  constructor(ledger: Ledger, statements: FairGate) {
    this.ledger = ledger
    this.statements = statements
  }

  shapeOf(select: Select): Shape {
    const key = JSON.stringify(select) ?? ''
    const known = this.shapes.get(key)
    if (known) return known
    this.shapesMade += 1
    const shape: Shape = {
      select,
      name: this.shapesMade,
      rowsPerBatch: BATCH.first,
      collecting: undefined,
      reading: new Map(),
    }
    this.shapes.set(key, shape)
    return shape
  }

  /** The row, if it was read just now. */
  find(shape: Shape, record: RecentRecord): EventRecord | undefined {
    return this.rows.get(keyOf(shape, record))
  }

  /** Reads the first of the records, and with it as many of the others as one statement may. Undefined if it is not there any more. */
  async read(
    shape: Shape,
    records: readonly RecentRecord[],
    ended: StatementWatch['ended'],
  ): Promise<EventRecord | undefined> {
    const [first] = records as [RecentRecord]
    const rows = await (shape.reading.get(first.id) ?? this.collect(shape, records, ended))
    const row = rows.get(first.id)
    // The ledger may have been restored meanwhile.
    return row?.transactionId === first.transactionId ? row : undefined
  }

  private collect(shape: Shape, records: readonly RecentRecord[], ended: StatementWatch['ended']): Promise<Rows> {
    const batch = shape.collecting ?? this.open(shape, ended)
    for (const record of records) {
      if (shape.collecting === undefined) break
      if (shape.reading.has(record.id) || this.find(shape, record)) continue
      batch.records.push(record)
      shape.reading.set(record.id, batch.rows)
      if (batch.records.length >= shape.rowsPerBatch) shape.collecting = undefined
    }
    return batch.rows
  }

  private open(shape: Shape, ended: StatementWatch['ended']): Batch {
    const records: RecentRecord[] = []
    const close = (): void => {
      if (shape.collecting === batch) shape.collecting = undefined
    }
    const read = async (): Promise<Rows> => {
      // By then all that is wanted at once is known.
      await nextPass()
      return this.statements.run(SHARED, () => {
        close()
        return this.load(shape, records, ended)
      })
    }
    const rows = read().finally(() => {
      close()
      for (const { id } of records) shape.reading.delete(id)
    })
    const batch = { records, rows }
    shape.collecting = batch
    return batch
  }

  private async load(shape: Shape, records: readonly RecentRecord[], ended: StatementWatch['ended']): Promise<Rows> {
    let bytes = 0
    const received = (more: number): void => {
      bytes += more
    }
    const rows = await givenUpOn(NEVER, () => readRecords(this.ledger, records, shape.select), { received, ended })
    if (rows.length > 0) {
      const size = Math.max(1, Math.ceil(bytes / rows.length))
      shape.rowsPerBatch = Math.max(1, Math.min(BATCH.max, shape.rowsPerBatch * 2, Math.floor(BATCH.bytes / size)))
      for (const row of rows) this.rows.set(keyOf(shape, row), row, { size })
    }
    return new Map(rows.map((row) => [row.id, row]))
  }
}

function keyOf({ name }: Shape, { epoch, id }: Position): string {
  return `${name} ${epoch} ${id}`
}
