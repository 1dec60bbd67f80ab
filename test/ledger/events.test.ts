// The order in which consumers read is complete up to the horizon and keeps each job's history in
// sequence.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobStateRecord } from '../../src/database/generated/client.ts'
import { realignTransactionIds } from '../../src/database/transactionOrder.ts'
import { BEGINNING, comparePositions, cursorOf, type Position, positionOf } from '../../src/ledger/eventOrder.ts'
import { headPosition, nextBatchEnd, positionOfCursor, readEventHeaders, readEvents } from '../../src/ledger/events.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { ACTOR, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterAll(async () => {
  await ledger.close()
})

/** Everything that a consumer reads after a position, in batches of `max`. */
async function readOn(from: Position, max = 1000): Promise<{ records: JobStateRecord[]; end: Position }> {
  const records: JobStateRecord[] = []
  for (let after = from; ; ) {
    const { end, isLast } = await nextBatchEnd(ledger, after, max)
    records.push(...(await readEvents(ledger, { after, upTo: end, max })))
    if (isLast) return { records, end }
    after = end
  }
}

/**
 * The same, but waits for `count` records: transactions in other databases of the server also hold
 * the horizon back.
 */
async function readOnTo(count: number, from: Position, max?: number): Promise<Awaited<ReturnType<typeof readOn>>> {
  let read = await readOn(from, max)
  await expect
    .poll(async () => {
      read = await readOn(from, max)
      return read.records.length
    })
    .toBeGreaterThanOrEqual(count)
  return read
}

function keysOf(records: readonly JobStateRecord[]): [string, number][] {
  return records.map(({ jobId, sequence }) => [jobId, sequence])
}

async function begun(): Promise<pg.Client> {
  const session = await ledger.session()
  await session.query('BEGIN; SELECT pg_current_xact_id()')
  return session
}

function start(session: pg.Client, jobId: string): Promise<unknown> {
  return session.query("UPDATE jobs SET state = 'PROCESSING' WHERE id = $1", [jobId])
}

describe('a consumer', () => {
  it('misses nothing when a transaction with a higher id commits first', async () => {
    const [early, late] = [await newJob(ledger), await newJob(ledger)]
    const { end: beginning } = await readOnTo(2, BEGINNING)
    const [first, second] = [await begun(), await begun()]
    await start(first, early.id)
    await start(second, late.id)
    await second.query('COMMIT')
    const between = await readOn(beginning)
    // Not readable yet, because the other transaction precedes it.
    expect(between.records).toEqual([])
    await first.query('COMMIT')
    const after = await readOnTo(2, between.end)
    expect(keysOf(after.records)).toEqual([
      [early.id, 2],
      [late.id, 2],
    ])
    expect((await readOn(after.end)).records).toEqual([])
  })

  it('reads the history of a job in order when a transaction with a lower id changes it later', async () => {
    const { id } = await newJob(ledger)
    const beginning = (await readOnTo(5, BEGINNING)).end
    const first = await begun()
    const between = await begun()
    const { version } = await transitionJob(ledger, { jobId: id, to: 'PROCESSING', actor: ACTOR })
    await first.query("UPDATE jobs SET state = 'FAILED' WHERE id = $1", [id])
    await first.query('COMMIT')
    // The horizon is at the transaction that still runs, after the first one.
    expect((await readOn(beginning)).records).toEqual([])
    await between.query('COMMIT')
    const { records } = await readOnTo(2, beginning)
    expect(version).toBe(2)
    expect(keysOf(records)).toEqual([
      [id, 2],
      [id, 3],
    ])
  })

  it('does not wait for read-only transactions', async () => {
    const reader = await ledger.session()
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM jobs')
    const { end } = await readOnTo(7, BEGINNING)
    const { id } = await newJob(ledger)
    expect(keysOf((await readOnTo(1, end)).records)).toEqual([[id, 1]])
    await reader.query('COMMIT')
  })

  it('reads the same records and headers with any batch size', async () => {
    for (let n = 0; n < 5; n++) await jobIn(ledger, 'COMPLETED')
    const whole = (await readOnTo(8 + 15, BEGINNING)).records
    expect(keysOf((await readOn(BEGINNING, 1)).records)).toEqual(keysOf(whole))
    expect(keysOf((await readOn(BEGINNING, 7)).records)).toEqual(keysOf(whole))
    const facts = await readEventHeaders(ledger, BEGINNING, 7)
    expect(facts.isLast).toBe(false)
    expect(facts.records.map(({ id }) => id)).toEqual(whole.slice(0, 7).map(({ id }) => id))
    expect(facts.records[0]).toMatchObject({
      jobId: whole[0]?.jobId,
      userId: 'user',
      actor: ACTOR,
      newState: 'PENDING',
    })
    expect((await readEventHeaders(ledger, facts.end, 1000)).records).toHaveLength(whole.length - 7)
  })

  it('reads an index and not the whole table', async () => {
    const session = await ledger.session()
    const { end } = await readOn(BEGINNING)
    await session.query('SET enable_seqscan = off; SET enable_bitmapscan = off')
    const { rows } = await session.query<{ 'QUERY PLAN': string }>(`EXPLAIN SELECT * FROM job_states
      WHERE (transaction_id, id) > (${end.transactionId}, 0) AND transaction_id < jobledger.visible_xmin()
      ORDER BY transaction_id, id LIMIT 100`)
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toContain('ix_job_states_transaction_id')
    expect(plan).not.toContain('Sort')
  })
})

describe('cursors', () => {
  it('identify a position', () => {
    const position = { epoch: 7n, transactionId: 5_000_000_000n, id: 7n }
    expect(positionOf(cursorOf(position))).toEqual(position)
    expect(comparePositions(position, { ...position, id: 8n })).toBeLessThan(0)
    expect(comparePositions(position, { ...position, transactionId: 4n, id: 8n })).toBeGreaterThan(0)
    expect(comparePositions(position, position)).toBe(0)
  })

  it('are refused if they belong to another ledger or are not cursors', async () => {
    const now = await headPosition(ledger)
    const ahead = cursorOf({ ...now, transactionId: now.transactionId + 1_000_000n })
    await expect(positionOfCursor(ledger, 'after', ahead)).rejects.toThrow(/^after: lies ahead of this ledger/)
    await expect(positionOfCursor(ledger, 'after', 'nonsense')).rejects.toThrow(
      'after: is not a cursor (got "nonsense"). Pass the `cursor` of an event, or `latestEventCursor`, or leave it out to start now.',
    )
  })
})

// Must be last, because it changes the transaction ids.
describe('a database that was restored on a server with lower transaction ids', () => {
  it('keeps the order of its records and puts new ones after them', async () => {
    const { id } = await newJob(ledger)
    const session = await ledger.session()
    const { records: before } = await readOnTo(8 + 15 + 1, BEGINNING)
    await session.query(`ALTER TABLE job_states DISABLE TRIGGER USER;
      UPDATE job_states SET transaction_id = transaction_id + 1000000;
      ALTER TABLE job_states ENABLE TRIGGER USER`)
    expect((await readOn(BEGINNING)).records).toEqual([])
    expect(await realignTransactionIds(ledger.database.pool)).toBe(true)
    expect(await realignTransactionIds(ledger.database.pool)).toBe(false)
    const { records: restored, end } = await readOnTo(before.length, BEGINNING)
    expect(keysOf(restored)).toEqual(keysOf(before))
    await transitionJob(ledger, { jobId: id, to: 'PROCESSING', actor: ACTOR })
    const fresh = await newJob(ledger)
    expect(keysOf((await readOnTo(2, end)).records)).toEqual([
      [id, 2],
      [fresh.id, 1],
    ])
  })
})
