// Random filters: lists in every order, counts and statistics match the same jobs as a plain check
// of each job in memory.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { countJobs, countJobsByState } from '../../src/ledger/countJobs.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { jobReach } from '../../src/ledger/filterReach.ts'
import { FILTER_TIMES, type JobFilter } from '../../src/ledger/jobFilter.ts'
import { jobStats } from '../../src/ledger/jobStats.ts'
import { listJobs } from '../../src/ledger/listJobs.ts'
import { retryJob } from '../../src/ledger/retryJob.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import { ACTOR, deletedJob, jobCreatedAt, jobIn, openTestLedger, type TestLedger } from '../support/factories.ts'

const USERS = ['ann', 'ben']
const PRESETS = ['fast', 'slow']
const ACTORS = [ACTOR, 'user:ann', 'key:ci']

let ledger: TestLedger
let everyJob: Job[]

beforeAll(async () => {
  ledger = await openTestLedger()
  for (const [index, state] of [...JOB_STATES, ...JOB_STATES, ...JOB_STATES].entries()) {
    await jobIn(ledger, state, { userId: USERS[index % 2] as string, preset: [...PRESETS, null][index % 3] ?? null })
  }
  for (const state of JOB_STATES) await deletedJob(ledger, state)
  const failed = await jobIn(ledger, 'FAILED', { userId: 'ann', preset: 'slow' })
  await retryJob(ledger, { jobId: failed.id, actor: 'user:ann' })
  const done = await jobIn(ledger, 'COMPLETED', { userId: 'ben' })
  await deleteJob(ledger, { jobId: done.id, actor: 'key:ci' })
  await jobCreatedAt(ledger, new Date('2025-05-05T05:05:05.005Z'), 'FAILED', 'ben')
  everyJob = await ledger.prisma.job.findMany({ orderBy: { id: 'desc' } })
})

afterAll(() => ledger.close())

/** The definition of each condition, without SQL. */
function matches(filter: JobFilter, job: Job): boolean {
  const { userId, ids, states, excludeStates, presets, excludePresets, actor } = filter
  return (
    (filter.includeDeleted === true || job.deletedAt === null) &&
    (userId == null || job.userId === userId) &&
    (ids == null || ids.some((id) => id.toLowerCase() === job.id)) &&
    (states == null || states.includes(job.state)) &&
    !excludeStates?.includes(job.state) &&
    (presets == null || (job.preset !== null && presets.includes(job.preset))) &&
    !(job.preset !== null && excludePresets?.includes(job.preset)) &&
    (actor == null || job.stateActor === actor) &&
    (['created', 'started', 'updated', 'completed'] as const).every((what) => {
      const [after, before] = [filter[`${what}After`], filter[`${what}Before`]]
      const at = job[`${what}At`]
      return (after == null || (at !== null && at >= after)) && (before == null || (at !== null && at < before))
    })
  )
}

/** A condition that is often absent or null. */
const maybe = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(null, undefined) }, value)
const some = <Value>(values: readonly Value[]) => maybe(fc.array(fc.constantFrom(...values), { maxLength: 4 }))

/** Times of jobs, and the milliseconds beside them. */
function filtersOf(jobs: readonly Job[]) {
  const instants = jobs.flatMap(({ createdAt, startedAt, updatedAt, completedAt }) =>
    [createdAt, updatedAt, startedAt ?? [], completedAt ?? []].flat(),
  )
  const instant = fc
    .tuple(fc.constantFrom(...instants), fc.constantFrom(-1, 0, 1))
    .map(([at, shift]) => new Date(at.getTime() + shift))
  const times = Object.fromEntries(
    FILTER_TIMES.map((name) => [name, fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, instant)]),
  )
  return fc.record({
    userId: maybe(fc.constantFrom(...USERS, 'unknown')),
    ids: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, fc.subarray(jobs.map(({ id }) => id))),
    states: some(JOB_STATES),
    excludeStates: some(JOB_STATES),
    presets: some([...PRESETS, 'unknown']),
    excludePresets: some([...PRESETS, 'unknown']),
    actor: maybe(fc.constantFrom(...ACTORS)),
    includeDeleted: maybe(fc.boolean()),
    ...times,
  }) as fc.Arbitrary<JobFilter>
}

const idsOf = (jobs: readonly Job[]): string[] => jobs.map(({ id }) => id).sort()

describe('any filter', () => {
  it('matches the same jobs in lists of every order, in counts and in statistics as in memory', async () => {
    const [from, to] = [new Date('2025-05-01T00:00:00Z'), new Date(Date.now() + 60_000)]
    let matched = 0
    await fc.assert(
      fc.asyncProperty(filtersOf(everyJob), async (filter) => {
        const expected = everyJob.filter((job) => matches(filter, job))
        matched += expected.length
        expect((await listJobs(ledger, { filter, first: 100 })).rows.map(({ id }) => id)).toEqual(
          expected.map(({ id }) => id),
        )
        for (const field of ['UPDATED_AT', 'COMPLETED_AT'] as const) {
          const page = await listJobs(ledger, { filter, orderBy: { field, direction: 'ASC' }, first: 100 })
          expect(idsOf(page.rows)).toEqual(idsOf(expected))
        }
        expect(await countJobs(ledger, filter)).toBe(expected.length)
        expect(await countJobsByState(ledger, filter)).toEqual(
          JOB_STATES.map((state) => ({ state, count: expected.filter((job) => job.state === state).length })),
        )
        const buckets = await jobStats(ledger, { filter, from, to, bucket: 'DAY' })
        const created = everyJob.filter((job) => matches({ ...filter, includeDeleted: true }, job))
        expect(buckets.reduce((sum, bucket) => sum + bucket.created, 0)).toBe(created.length)
        if (jobReach(filter) === 'nothing') expect(created).toEqual([])
      }),
      { numRuns: 150 },
    )
    expect(matched).toBeGreaterThan(0)
  })
})
