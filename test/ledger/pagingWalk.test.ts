// Reads a list page by page while others create, move and delete jobs. Every job that matches
// throughout, and whose sort value does not change, is returned exactly once.
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { createJobs } from '../../src/ledger/createJob.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { LedgerError } from '../../src/ledger/errors.ts'
import type { JobFilter } from '../../src/ledger/jobFilter.ts'
import { getJobHistory, listJobStateRecords } from '../../src/ledger/jobHistory.ts'
import { type JobOrder, listJobs } from '../../src/ledger/listJobs.ts'
import type { Page, PageRequest } from '../../src/ledger/page.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { cursorAt } from '../support/cursors.ts'
import { ACTOR, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

/** All rows of a list, page by page from either end. */
async function walk<Row>(
  read: (request: PageRequest) => Promise<Page<Row>>,
  size: number,
  backward: boolean,
): Promise<Row[]> {
  const met: Row[] = []
  let cursor: string | undefined
  for (;;) {
    const page = await read(backward ? { last: size, before: cursor } : { first: size, after: cursor })
    met.push(...page.rows)
    const more = await (backward ? page.hasPreviousPage() : page.hasNextPage())
    // A row of the page may no longer match.
    if (!more || page.rows.length === 0) return met
    cursor = cursorAt(page, backward ? 0 : -1)
  }
}

const WRITES = 30

/** Creates, moves and deletes jobs of a user, `WRITES` times. */
async function write(userId: string, choices: number[], ids: string[]): Promise<void> {
  for (let done = 0; done < WRITES; done += 1) {
    const choice = choices[done % choices.length] as number
    const jobId = ids[(choice + done) % ids.length] as string
    if (choice % 5 === 0) await newJob(ledger, { userId })
    else if (choice % 5 === 1) await deleteJob(ledger, { jobId, actor: ACTOR })
    else {
      const to = JOB_STATES[(choice + done) % JOB_STATES.length] as JobState
      await transitionJob(ledger, { jobId, to, actor: ACTOR }).catch((error: unknown) => {
        if (!(error instanceof LedgerError)) throw error
      })
    }
  }
}

/** Thirty jobs of a user in various states. */
async function populate(userId: string): Promise<Job[]> {
  const answers = await createJobs(
    ledger,
    Array.from({ length: 30 }, () => ({ userId, content: 'content' })),
    ACTOR,
  )
  const ids = answers.map((answer) => (answer as { job: Job }).job.id)
  const move = (jobs: string[], to: JobState) =>
    transitionJobs(
      ledger,
      jobs.map((jobId) => ({ jobId, to })),
      ACTOR,
    )
  await move(ids.slice(0, 22), 'PROCESSING')
  await move(ids.slice(0, 10), 'COMPLETED')
  await move(ids.slice(10, 16), 'FAILED')
  await move(ids.slice(28), 'CANCELLED')
  return ledger.prisma.job.findMany({ where: { userId }, orderBy: { id: 'asc' } })
}

function keyOf({ field }: JobOrder, job: Job): number {
  if (field === 'CREATED_AT') return job.createdAt.getTime()
  return (field === 'UPDATED_AT' ? job.updatedAt : job.completedAt)?.getTime() ?? Number.NaN
}

/** Whether the list must include a job, given the job before and after the walk. */
function hadToBeMet(orderBy: JobOrder, { states, includeDeleted }: JobFilter, before: Job, after: Job): boolean {
  const matched = [before, after].every(
    (job) => (includeDeleted || !job.deletedAt) && (states?.includes(job.state) ?? true),
  )
  if (!matched) return false
  // A job that moved may have left the filtered states and returned. Its key, if it has one, never
  // has the same value again.
  return before.version === after.version || (states == null && keyOf(orderBy, before) === keyOf(orderBy, after))
}

/** How often each job was returned. */
function timesOf(met: Job[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const { id } of met) times.set(id, (times.get(id) ?? 0) + 1)
  return times
}

const orders = fc.record({
  field: fc.constantFrom('CREATED_AT' as const, 'UPDATED_AT' as const, 'COMPLETED_AT' as const),
  direction: fc.constantFrom('ASC' as const, 'DESC' as const),
})
const filters = fc.record({
  includeDeleted: fc.boolean(),
  states: fc.option(fc.uniqueArray(fc.constantFrom(...JOB_STATES), { minLength: 1 }), { nil: undefined, freq: 2 }),
})
const paces = { size: fc.constantFrom(1, 2, 3, 7, 40), backward: fc.boolean() }

describe('paging while others write', () => {
  let run = 0

  it('returns every job that matches throughout exactly once', async () => {
    const choices = fc.array(fc.nat({ max: 1000 }), { minLength: WRITES, maxLength: WRITES })
    await fc.assert(
      fc.asyncProperty(
        fc.record({ orderBy: orders, filter: filters, choices, ...paces }),
        async ({ orderBy, filter, choices, size, backward }) => {
          run += 1
          const userId = `walker ${run}`
          const before = await populate(userId)
          // Every second job stays unchanged.
          const ids = before.filter((_, index) => index % 2).map(({ id }) => id)
          const [met] = await Promise.all([
            walk((page) => listJobs(ledger, { orderBy, filter: { ...filter, userId }, ...page }), size, backward),
            write(userId, choices, ids),
            write(userId, choices.toReversed(), ids.toReversed()),
          ])
          const after = new Map((await ledger.prisma.job.findMany({ where: { userId } })).map((job) => [job.id, job]))
          const due = before.filter((job) => hadToBeMet(orderBy, filter, job, after.get(job.id) as Job))
          const times = timesOf(met)
          expect(due.map(({ id }) => [id, times.get(id)])).toEqual(due.map(({ id }) => [id, 1]))
          // The order of creation never changes, so no job is returned twice, not even a new one.
          if (orderBy.field === 'CREATED_AT') expect(Math.max(...times.values(), 1)).toBe(1)
          expect(filter.states ?? JOB_STATES).toEqual(expect.arrayContaining(met.map(({ state }) => state)))
        },
      ),
      { numRuns: 12 },
    )
  })

  it('returns every existing record exactly once, newest first', async () => {
    const filter = { userId: 'recorded' }
    const jobs = await populate(filter.userId)
    const there = (await ledger.prisma.jobStateRecord.findMany({ where: { job: filter } })).map(({ id }) => id)
    for (const backward of [false, true]) {
      const [met] = await Promise.all([
        walk((page) => listJobStateRecords(ledger, { filter, ...page }), 5, backward),
        write(
          filter.userId,
          [1, 2, 3, 4, 5],
          jobs.slice(0, 8).map(({ id }) => id),
        ),
      ])
      const ids = met.map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids).toEqual(expect.arrayContaining(there))
      if (!backward)
        expect(met.map(({ timestamp }) => timestamp.getTime())).toEqual(
          met.map(({ timestamp }) => timestamp.getTime()).sort((a, b) => b - a),
        )
    }
  })

  it('returns the history of one job in order, from either end', async () => {
    const { id } = await newJob(ledger, { userId: 'historic' })
    for (const to of ['PROCESSING', 'PENDING', 'PROCESSING', 'FAILED', 'PENDING', 'CANCELLED'] as const) {
      await transitionJob(ledger, { jobId: id, to, actor: ACTOR })
    }
    const forwards = await walk((page) => getJobHistory(ledger, id, page), 2, false)
    expect(forwards.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7])
    const backwards = await walk((page) => getJobHistory(ledger, id, page), 3, true)
    expect(backwards.map(({ sequence }) => sequence)).toEqual([5, 6, 7, 2, 3, 4, 1])
  })
})
