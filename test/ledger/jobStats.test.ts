// Statistics over time, compared with the records: from the roll-up, from its tail, and from the
// records if the roll-up does not support the filter.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobStateRecord } from '../../src/database/generated/client.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { RELATIVE_ERROR } from '../../src/ledger/durations.ts'
import { InvalidInputError } from '../../src/ledger/errors.ts'
import type { JobFilter } from '../../src/ledger/jobFilter.ts'
import {
  BUCKET_SECONDS,
  type JobStatsBucket,
  jobStats,
  MAX_BUCKETS,
  type StatsBucket,
} from '../../src/ledger/jobStats.ts'
import { resetRollUp, rollUp } from '../../src/ledger/rollUp.ts'
import { ACTOR, jobCreatedAt, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { inSnapshot } from '../support/snapshot.ts'

let ledger: TestLedger
let session: pg.Client

const STATES = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const
/** The start of the two days in which jobs were created. */
const BEGIN = new Date('2026-03-28T22:00:00Z')

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
  for (let n = 0; n < 60; n += 1) {
    const createdAt = new Date(BEGIN.getTime() + n * 47 * 60_000)
    const job = await jobCreatedAt(ledger, createdAt, STATES[n % 5], n % 3 === 0 ? 'ada' : 'bob')
    if (n % 7 === 0) await deleteJob(ledger, { jobId: job.id, actor: ACTOR })
  }
  // Moves the records back in time, to get durations of every size.
  await session.query(`
    SET session_replication_role = replica;
    UPDATE job_states SET previous_state_duration_ms = (id * 7919) % 100000 WHERE sequence > 1;
    UPDATE job_states SET timestamp = (SELECT created_at FROM jobs WHERE jobs.id = job_id) + sequence * (id % 977) * interval '1 second';
    RESET session_replication_role`)
})
afterAll(() => ledger.close())

async function rollUpAll(): Promise<void> {
  await passedHorizon(ledger)
  while ((await rollUp(ledger, 11)) > 0);
}

async function rollUpHalf(): Promise<void> {
  await passedHorizon(ledger)
  expect(await rollUp(ledger, 90)).toBe(90)
}

type Record = JobStateRecord & { job: { userId: string; state: string } }

/** The exact statistics of records. */
function statsOf(start: Date, records: readonly Record[]): JobStatsBucket {
  const into = (state: string) => records.filter(({ newState }) => newState === state)
  const wait = into('PROCESSING')
  const processing = records.filter(
    ({ previousState, newState }) => previousState === 'PROCESSING' && /COMPLETED|FAILED/.test(newState),
  )
  return {
    start,
    created: records.filter(({ sequence }) => sequence === 1).length,
    started: wait.length,
    completed: into('COMPLETED').length,
    failed: into('FAILED').length,
    cancelled: into('CANCELLED').filter(({ previousState }) => /PENDING|PROCESSING/.test(String(previousState))).length,
    medianWaitMs: exactQuantile(wait, 0.5),
    medianProcessingMs: exactQuantile(processing, 0.5),
    p95ProcessingMs: exactQuantile(processing, 0.95),
  }
}

function exactQuantile(records: readonly Record[], q: number): number | null {
  const durations = records.map(({ previousStateDurationMs }) => Number(previousStateDurationMs)).sort((a, b) => a - b)
  return durations[Math.ceil(q * durations.length) - 1] ?? null
}

interface Asked {
  readonly from: Date
  readonly to: Date
  readonly bucket: StatsBucket
}

async function expected({ from, to, bucket }: Asked, matches: (record: Record) => boolean): Promise<JobStatsBucket[]> {
  const records = (await ledger.prisma.jobStateRecord.findMany({ include: { job: true } })) as Record[]
  const ms = 1000 * BUCKET_SECONDS[bucket]
  const buckets: JobStatsBucket[] = []
  for (let start = from.getTime() - (from.getTime() % ms); start < to.getTime(); start += ms) {
    const inside = records.filter(({ timestamp }) => timestamp.getTime() >= start && timestamp.getTime() < start + ms)
    buckets.push(statsOf(new Date(start), inside.filter(matches)))
  }
  return buckets
}

function expectSame(actual: readonly JobStatsBucket[], exact: readonly JobStatsBucket[]): void {
  const counts = ({ medianWaitMs: _, medianProcessingMs: __, p95ProcessingMs: ___, ...rest }: JobStatsBucket) => rest
  expect(actual.map(counts)).toEqual(exact.map(counts))
  for (const [index, bucket] of actual.entries()) {
    for (const name of ['medianWaitMs', 'medianProcessingMs', 'p95ProcessingMs'] as const) {
      const value = exact[index]?.[name] ?? null
      if (value === null) expect(bucket[name]).toBe(null)
      else expect(Math.abs((bucket[name] as number) - value)).toBeLessThanOrEqual(value * RELATIVE_ERROR + 0.5)
    }
  }
}

const QUESTIONS: readonly { name: string; filter?: JobFilter; matches(record: Record): boolean }[] = [
  { name: 'of all jobs, also deleted ones', matches: () => true },
  { name: 'with any includeDeleted', filter: { includeDeleted: false }, matches: () => true },
  { name: 'of a user', filter: { userId: 'ada' }, matches: ({ job }) => job.userId === 'ada' },
  { name: 'of the owner', filter: { ownerId: 'bob' }, matches: ({ job }) => job.userId === 'bob' },
  { name: 'of contradicting users', filter: { ownerId: 'bob', userId: 'ada' }, matches: () => false },
  {
    name: 'of jobs in a state',
    filter: { states: ['COMPLETED', 'CANCELLED'] },
    matches: ({ job }) => /COMPLETED|CANCELLED/.test(job.state),
  },
]
const SPANS: readonly Asked[] = [
  { bucket: 'HOUR', from: BEGIN, to: new Date('2026-03-31T00:00:00Z') },
  { bucket: 'DAY', from: new Date('2026-03-27T13:00:00Z'), to: new Date('2026-04-02T01:00:00Z') },
  { bucket: 'MINUTE', from: new Date('2026-03-29T01:30:15Z'), to: new Date('2026-03-29T12:00:00Z') },
]
const PLACES = [
  { place: 'in the tail', prepare: () => resetRollUp(ledger) },
  { place: 'half in the sums', prepare: rollUpHalf },
  { place: 'in the sums', prepare: rollUpAll },
]

describe('statistics', () => {
  for (const { place, prepare } of PLACES) {
    describe(`of what is ${place}`, () => {
      beforeAll(prepare)
      it.each(QUESTIONS.flatMap((question) => SPANS.map((span) => ({ ...question, ...span }))))(
        'match the records by $bucket: $name',
        async ({ filter, matches, ...span }) => {
          const exact = await expected(span, matches)
          expectSame(await jobStats(ledger, { filter, ...span }), exact)
        },
      )
    })
  }

  it('are exact up to the latest minute, in complete buckets aligned to UTC', async () => {
    await rollUpAll()
    const from = new Date(Date.now() - 60_000)
    await jobIn(ledger, 'COMPLETED', { userId: 'eve' })
    const span = { from, to: new Date(Date.now() + 60_000), bucket: 'MINUTE' } as const
    expectSame(await jobStats(ledger, span), await expected(span, () => true))
    const [{ start } = { start: new Date(1) }] = await jobStats(ledger, span)
    expect(start.getTime() % 60_000).toBe(0)
  })

  it('are read in one statement', async () => {
    const span = { from: BEGIN, to: new Date('2026-03-29T00:00:00Z'), bucket: 'HOUR' } as const
    expect(await ledger.statementsOf(() => jobStats(ledger, span))).toHaveLength(1)
    expect(await ledger.statementsOf(() => jobStats(ledger, { ...span, filter: { presets: ['p'] } }))).toHaveLength(1)
  })

  it('cover the matching jobs for filters that the roll-up does not support', async () => {
    const job = await newJob(ledger, { userId: 'fay', preset: 'rare', metadata: { a: { b: 1 }, c: 2 } })
    const span = { from: job.createdAt, to: new Date(job.createdAt.getTime() + 1), bucket: 'DAY' } as const
    const created = async (filter: JobFilter) => (await jobStats(ledger, { filter, ...span }))[0]?.created
    const later = new Date(job.createdAt.getTime() + 1)
    for (const filter of [
      { presets: ['rare', 'other'] },
      { metadata: { a: { b: 1 } } },
      { userId: 'fay', createdAfter: job.createdAt, createdBefore: later },
    ]) {
      expect(await created(filter)).toBe(1)
    }
    for (const filter of [
      { presets: ['other'] },
      { metadata: { a: { b: 2 } } },
      { userId: 'fay', createdAfter: later },
      { userId: 'fay', createdBefore: job.createdAt },
      { userId: 'fay', completedAfter: BEGIN },
      { userId: 'fay', completedBefore: later },
      { userId: 'fay', states: [] },
    ]) {
      expect(await created(filter)).toBe(0)
    }
  })

  it('are exact in a snapshot while others write and the roll-up advances', async () => {
    let isOver = false
    const over = (): boolean => isOver
    const working = [
      ...Array.from({ length: 8 }, async () => {
        while (!over()) await jobIn(ledger, STATES[Math.floor(Math.random() * 5)] ?? 'PENDING', { userId: 'gus' })
      }),
      (async () => {
        while (!over()) await rollUp(ledger, 1 + Math.floor(Math.random() * 50))
      })(),
    ]
    const now = Date.now()
    const span = { from: new Date(now - 86_400_000), to: new Date(now + 86_400_000), bucket: 'HOUR' } as const
    try {
      for (let n = 0; n < 15; n += 1) {
        await inSnapshot(ledger, async (subject) => {
          // All jobs were created after that, and the roll-up does not support the filter.
          for (const filter of [{}, { userId: 'gus' }])
            expect(await jobStats(subject, { filter, ...span })).toEqual(
              await jobStats(subject, { filter: { ...filter, createdAfter: new Date(0) }, ...span }),
            )
        })
      }
    } finally {
      isOver = true
      await Promise.all(working)
    }
  }, 60_000)
})

describe('an invalid request for statistics', () => {
  const day = (text: string) => new Date(`${text}T00:00:00Z`)

  it('is refused with the given and the allowed value', async () => {
    const refused = jobStats(ledger, { from: day('2026-01-01'), to: day('2026-03-05'), bucket: 'HOUR' })
    await expect(refused).rejects.toThrow(InvalidInputError)
    await expect(refused).rejects.toThrow(`must give at most ${MAX_BUCKETS} buckets of one HOUR (got 1512).`)
    const reversed = jobStats(ledger, { from: day('2026-01-02'), to: day('2026-01-01'), bucket: 'DAY' })
    await expect(reversed).rejects.toThrow('must not be earlier than "from" (got 2026-01-01T00:00:00.000Z')
    const bad = jobStats(ledger, { filter: { userId: '' }, from: BEGIN, to: BEGIN, bucket: 'DAY' })
    await expect(bad).rejects.toThrow('userId')
  })

  it('gives no buckets for an empty time range, and works at the limits of time', async () => {
    expect(await jobStats(ledger, { from: BEGIN, to: BEGIN, bucket: 'DAY' })).toEqual([])
    const ends = [
      { from: new Date('0001-01-01T00:00:00.000Z'), to: day('0001-01-03') },
      { from: day('9999-12-30'), to: new Date('9999-12-31T23:59:59.999Z') },
    ]
    for (const span of ends) expect(await jobStats(ledger, { ...span, bucket: 'DAY' })).toHaveLength(2)
  })
})
