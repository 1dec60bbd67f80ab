// Any page of any list equals a slice of the whole list in memory, and reports exactly whether rows
// precede and follow it.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { completeJob } from '../../src/ledger/finishJob.ts'
import type { JobFilter } from '../../src/ledger/jobFilter.ts'
import { type JobOrder, type ListJobsRequest, listJobs } from '../../src/ledger/listJobs.ts'
import type { PageRequest } from '../../src/ledger/page.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import { listStuckJobs } from '../../src/ledger/stuckJobs.ts'
import { transitionJobs } from '../../src/ledger/transitionJob.ts'
import { cursorAt } from '../support/cursors.ts'
import { ACTOR, deletedJob, jobIn, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let everyJob: Job[]
/** The cursors of all jobs, by order and id. */
const cursors = new Map<string, Map<string, string>>()

const ORDERS: JobOrder[] = (['CREATED_AT', 'UPDATED_AT', 'COMPLETED_AT'] as const).flatMap((field) =>
  (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })),
)
const nameOf = ({ field, direction }: JobOrder) => `${field} ${direction}`

beforeAll(async () => {
  ledger = await openTestLedger()
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(JOB_STATES.map((state) => jobIn(ledger, state, { preset: round % 2 ? 'odd' : null })))
    await deletedJob(ledger, JOB_STATES[round] as JobState)
  }
  // One statement changes several rows in the same millisecond, so only the id distinguishes their
  // keys.
  const processing = await ledger.prisma.job.findMany({ where: { state: 'PROCESSING' }, take: 3 })
  await transitionJobs(
    ledger,
    processing.map(({ id: jobId }) => ({ jobId, to: 'COMPLETED' as const })),
    ACTOR,
  )
  everyJob = await ledger.prisma.job.findMany()
  for (const orderBy of ORDERS) {
    const page = await listJobs(ledger, { orderBy, filter: { includeDeleted: true }, first: 100 })
    cursors.set(nameOf(orderBy), new Map(page.rows.map((row) => [row.id, page.cursorOf(row)])))
  }
})

afterAll(() => ledger.close())

/** Negative, zero or positive if `a` is before, at or after `b`. */
function compare({ field, direction }: JobOrder, a: Job, b: Job): number {
  const sign = direction === 'ASC' ? 1 : -1
  const byId = sign * (a.id < b.id ? -1 : Number(a.id > b.id))
  if (field === 'CREATED_AT') return byId
  const [x, y] = field === 'UPDATED_AT' ? [a.updatedAt, b.updatedAt] : [a.completedAt, b.completedAt]
  if (x === null || y === null) return Number(x === null) - Number(y === null) || byId
  return sign * (x.getTime() - y.getTime()) || byId
}

function matches(filter: JobFilter, job: Job): boolean {
  return (
    (filter.includeDeleted === true || job.deletedAt === null) &&
    (filter.states?.includes(job.state) ?? true) &&
    (filter.presets?.includes(job.preset ?? '') ?? true)
  )
}

interface Asked {
  orderBy: JobOrder
  filter: JobFilter
  size: number | undefined
  backward: boolean
  after: Job | undefined
  before: Job | undefined
}

/** The expected page: a slice of the list in memory. */
function slice({ orderBy, filter, size = 20, backward, after, before }: Asked) {
  const before0 = (a: Job, b: Job) => compare(orderBy, a, b) < 0
  const list = everyJob.filter((job) => matches(filter, job)).sort((a, b) => compare(orderBy, a, b))
  const between = list.filter((job) => (!after || before0(after, job)) && (!before || before0(job, before)))
  const rows = backward ? between.slice(Math.max(between.length - size, 0)) : between.slice(0, size)
  const [first, last] = [rows[0], rows.at(-1)]
  if (first && last) {
    return { rows, next: list.some((job) => before0(last, job)), previous: list.some((job) => before0(job, first)) }
  }
  // An empty page is at the bound from which it was read. Rows beyond the bounds surround it.
  const beyondBefore = before !== undefined && list.some((job) => !before0(job, before))
  const beyondAfter = after !== undefined && list.some((job) => !before0(after, job))
  return {
    rows,
    next: (!backward && between.length > 0) || beyondBefore,
    previous: (backward && between.length > 0) || beyondAfter,
  }
}

function requestOf({ orderBy, filter, size, backward, after, before }: Asked): ListJobsRequest {
  const cursorOf = (job: Job | undefined) => job && cursors.get(nameOf(orderBy))?.get(job.id)
  return {
    orderBy,
    filter,
    ...(size === undefined ? {} : backward ? { last: size } : { first: size }),
    after: cursorOf(after),
    before: cursorOf(before),
  }
}

describe('a page of jobs', () => {
  it('is the slice of the list, with exact hasNextPage and hasPreviousPage', async () => {
    const job = fc.option(fc.nat({ max: 23 }), { nil: undefined })
    const requests = fc.record({
      orderBy: fc.constantFrom(...ORDERS),
      filter: fc.record(
        {
          includeDeleted: fc.boolean(),
          states: fc.uniqueArray(fc.constantFrom(...JOB_STATES)),
          presets: fc.subarray(['odd', 'none']),
        },
        { requiredKeys: [] },
      ),
      size: fc.constantFrom(0, 1, 2, 3, 5, 30, undefined),
      backward: fc.boolean(),
      after: job,
      before: job,
    })
    await fc.assert(
      fc.asyncProperty(requests, async ({ after, before, size, backward, ...rest }) => {
        const request: Asked = {
          ...rest,
          size,
          backward: backward && size !== undefined,
          // Cursors of any job, also of jobs that no longer match the filter.
          after: after === undefined ? undefined : everyJob[after],
          before: before === undefined ? undefined : everyJob[before],
        }
        const page = await listJobs(ledger, requestOf(request))
        const expected = slice(request)
        expect(page.rows).toEqual(expected.rows)
        expect({ next: await page.hasNextPage(), previous: await page.hasPreviousPage() }).toEqual({
          next: expected.next,
          previous: expected.previous,
        })
        expect(page.rows.map(page.cursorOf)).toEqual(
          page.rows.map(({ id }) => cursors.get(nameOf(request.orderBy))?.get(id)),
        )
      }),
      { numRuns: 150 },
    )
  })

  it('has the 20 newest jobs by default', async () => {
    const living = everyJob.filter(({ deletedAt }) => deletedAt === null).map(({ id }) => id)
    const page = await listJobs(ledger)
    expect(page.rows.map(({ id }) => id)).toEqual(living.sort().reverse().slice(0, 20))
  })

  it('has 0 to 100 jobs', async () => {
    expect((await listJobs(ledger, { first: 100, filter: { includeDeleted: true } })).rows).toHaveLength(
      everyJob.length,
    )
    for (const [argument, size] of [
      ['first', 101],
      ['last', 101],
      ['first', -1],
      ['last', -1],
      ['first', 1.5],
    ] as const) {
      await expect(listJobs(ledger, { [argument]: size })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: [argument], message: `must be an integer from 0 to 100 (got ${size}).` }],
      })
    }
  })

  it('is requested from one end, not from both', async () => {
    await expect(listJobs(ledger, { first: 2, last: 3 })).rejects.toMatchObject({
      issues: [{ path: ['first'], message: 'must not be combined with "last" (got first: 2, last: 3).' }],
    })
  })

  it('keeps its place when the row of its cursor changes or is deleted', async () => {
    const orderBy: JobOrder = { field: 'UPDATED_AT', direction: 'ASC' }
    const [doomed, follower] = [
      await jobIn(ledger, 'PROCESSING', { userId: 'mover' }),
      await jobIn(ledger, 'PENDING', { userId: 'mover' }),
    ]
    const filter = { userId: 'mover' }
    const page = await listJobs(ledger, { orderBy, filter, first: 1 })
    expect(page.rows).toEqual([doomed])
    await completeJob(ledger, { jobId: doomed.id, actor: ACTOR })
    const next: PageRequest = { first: 1, after: cursorAt(page, 0) }
    expect((await listJobs(ledger, { orderBy, filter, ...next })).rows).toEqual([follower])
    await ledger.database.pool.query("UPDATE jobs SET state = 'CANCELLED', deleted_at = now() WHERE id = $1", [
      doomed.id,
    ])
    await ledger.database.pool.query(
      `BEGIN; SET LOCAL jobledger.purge = 'on'; DELETE FROM jobs WHERE id = '${doomed.id}'; COMMIT`,
    )
    const after = await listJobs(ledger, { orderBy, filter, ...next })
    expect([after.rows, await after.hasNextPage(), await after.hasPreviousPage()]).toEqual([[follower], false, false])
  })
})

describe('a page of stuck jobs', () => {
  it('continues where the previous page ended, earliest start first', async () => {
    const started = await ledger.prisma.job.findMany({
      where: { state: 'PROCESSING' },
      orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
      select: { id: true },
    })
    const met: string[] = []
    let after: string | undefined
    do {
      const page = await listStuckJobs(ledger, { olderThanSeconds: 0, first: 2, after })
      met.push(...page.rows.map(({ id }) => id))
      after = (await page.hasNextPage()) ? cursorAt(page, -1) : undefined
    } while (after)
    expect(met.length).toBeGreaterThan(0)
    expect(met).toEqual(started.map(({ id }) => id))
  })
})
