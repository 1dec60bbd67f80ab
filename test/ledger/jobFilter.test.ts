// Filters of lists and counts: each condition alone, and all of them together.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { minUuidAt } from '../../src/database/uuid.ts'
import { countJobs, countJobsByState } from '../../src/ledger/countJobs.ts'
import { FILTER_TIMES, type JobFilter } from '../../src/ledger/jobFilter.ts'
import { listJobs } from '../../src/ledger/listJobs.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import {
  ACTOR,
  deletedJob,
  jobCreatedAt,
  jobIn,
  MISSING_ID,
  openTestLedger,
  type TestLedger,
} from '../support/factories.ts'

let ledger: TestLedger
let everyJob: Job[]

beforeAll(async () => {
  ledger = await openTestLedger()
  for (const state of JOB_STATES) {
    await jobIn(ledger, state, { userId: 'ann', preset: 'fast', metadata: { size: 1, tags: ['x', 'y'] } })
    await jobIn(ledger, state, { userId: 'ben', preset: null, metadata: { size: 2 } })
  }
  await deletedJob(ledger, 'COMPLETED')
  await jobCreatedAt(ledger, new Date('2025-05-05T05:05:05.005Z'), 'COMPLETED', 'ann')
  await jobCreatedAt(ledger, new Date('2025-05-05T05:05:05.006Z'), 'FAILED', 'ben')
  everyJob = await ledger.prisma.job.findMany({ orderBy: { id: 'desc' } })
})

afterAll(() => ledger.close())

/** Lists, counts and counts by state match the same jobs: those for which `matches` is true. */
async function expectAdmitted(filter: JobFilter | undefined, matches: (job: Job) => boolean): Promise<void> {
  const expected = everyJob.filter(matches)
  expect((await listJobs(ledger, { filter, first: 100 })).rows).toEqual(expected)
  expect(await countJobs(ledger, filter)).toBe(expected.length)
  expect(await countJobsByState(ledger, filter)).toEqual(
    JOB_STATES.map((state) => ({ state, count: expected.filter((job) => job.state === state).length })),
  )
}

const living = ({ deletedAt }: Job) => deletedAt === null
const BETWEEN = new Date('2025-05-05T05:05:05.006Z')

describe('a filter', () => {
  it('matches all jobs except deleted ones if it is absent, null or empty', async () => {
    await expectAdmitted(undefined, living)
    expect(await countJobs(ledger, null)).toBe(everyJob.filter(living).length)
    await expectAdmitted({}, living)
    const nulls = {
      userId: null,
      states: null,
      presets: null,
      ids: null,
      excludeStates: null,
      excludePresets: null,
      actor: null,
      createdAfter: null,
      createdBefore: null,
      startedAfter: null,
      startedBefore: null,
      updatedAfter: null,
      updatedBefore: null,
      completedAfter: null,
      completedBefore: null,
      metadata: null,
      includeDeleted: null,
    }
    await expectAdmitted(nulls, living)
  })

  it.each<[string, JobFilter, (job: Job) => boolean]>([
    ['jobs including deleted ones', { includeDeleted: true }, () => true],
    ['jobs of a user', { userId: 'ann' }, (job) => living(job) && job.userId === 'ann'],
    ['jobs of an unknown user', { userId: 'unknown' }, () => false],
    ['one state', { states: ['FAILED'] }, (job) => living(job) && job.state === 'FAILED'],
    [
      'some states',
      { states: ['PENDING', 'COMPLETED'] },
      (job) => living(job) && ['PENDING', 'COMPLETED'].includes(job.state),
    ],
    [
      'one state including deleted jobs',
      { states: ['CANCELLED'], includeDeleted: true },
      (job) => job.state === 'CANCELLED',
    ],
    ['an empty list of states', { states: [] }, () => false],
    ['presets', { presets: ['fast', 'slow'] }, (job) => living(job) && job.preset === 'fast'],
    ['an empty list of presets', { presets: [] }, () => false],
    ['an empty list of ids', { ids: [] }, () => false],
    [
      'excluded states',
      { excludeStates: ['PENDING', 'FAILED'] },
      (job) => living(job) && !['PENDING', 'FAILED'].includes(job.state),
    ],
    ['all states but one', { excludeStates: JOB_STATES.slice(1) }, (job) => living(job) && job.state === 'PENDING'],
    ['no excluded state', { excludeStates: [] }, living],
    ['all states excluded', { excludeStates: [...JOB_STATES] }, () => false],
    [
      'states without the excluded ones',
      { states: ['PENDING', 'FAILED'], excludeStates: ['FAILED'] },
      (job) => living(job) && job.state === 'PENDING',
    ],
    [
      'excluded presets, and jobs without a preset',
      { excludePresets: ['fast', 'slow'] },
      (job) => living(job) && job.preset === null,
    ],
    ['no excluded preset', { excludePresets: [] }, living],
    ['presets without the excluded ones', { presets: ['fast'], excludePresets: ['fast'] }, () => false],
    ['the actor of the latest transition', { actor: ACTOR }, living],
    ['an unknown actor', { actor: 'user:unknown' }, () => false],
    ['metadata', { metadata: { size: 2 } }, (job) => living(job) && job.userId === 'ben' && job.createdAt > BETWEEN],
    ['metadata of several levels', { metadata: { tags: ['y'] } }, (job) => living(job) && job.preset === 'fast'],
    ['any metadata', { metadata: {} }, living],
    ['metadata that no job has', { metadata: { size: '1' } }, () => false],
    ['creation at an instant or later', { createdAfter: BETWEEN }, (job) => living(job) && job.createdAt >= BETWEEN],
    ['creation before an instant', { createdBefore: BETWEEN }, (job) => living(job) && job.createdAt < BETWEEN],
    [
      'creation within a millisecond',
      { createdAfter: BETWEEN, createdBefore: new Date(BETWEEN.getTime() + 1) },
      (job) => job.createdAt.getTime() === BETWEEN.getTime(),
    ],
    ['an empty range of creation times', { createdAfter: BETWEEN, createdBefore: BETWEEN }, () => false],
    [
      'creation after 1900 and before 9999',
      { createdAfter: new Date('1900-01-01'), createdBefore: new Date('9999-01-01') },
      living,
    ],
    [
      'all at once',
      {
        userId: 'ann',
        states: ['COMPLETED', 'FAILED'],
        presets: ['fast'],
        metadata: { size: 1 },
        createdAfter: BETWEEN,
        completedAfter: BETWEEN,
        includeDeleted: true,
      },
      (job) => job.preset === 'fast' && ['COMPLETED', 'FAILED'].includes(job.state),
    ],
  ])('matches %s', async (_, filter, matches) => {
    await expectAdmitted(filter, matches)
  })

  it('matches jobs by their completion time, and never jobs that are not completed', async () => {
    const times = everyJob.flatMap(({ completedAt }) => completedAt ?? []).sort((a, b) => a.getTime() - b.getTime())
    const middle = times[Math.floor(times.length / 2)] as Date
    await expectAdmitted(
      { completedAfter: middle },
      (job) => living(job) && job.completedAt !== null && job.completedAt >= middle,
    )
    await expectAdmitted(
      { completedBefore: middle },
      (job) => living(job) && job.completedAt !== null && job.completedAt < middle,
    )
  })

  it.each(['started', 'updated'] as const)('matches jobs by the time they were %s', async (what) => {
    const timeOf = (job: Job) => job[`${what}At`]
    const times = everyJob.flatMap((job) => timeOf(job) ?? []).sort((a, b) => a.getTime() - b.getTime())
    const middle = times[Math.floor(times.length / 2)] as Date
    const isLate = (job: Job) => (timeOf(job)?.getTime() ?? Number.NaN) >= middle.getTime()
    const isEarly = (job: Job) => (timeOf(job)?.getTime() ?? Number.NaN) < middle.getTime()
    await expectAdmitted({ [`${what}After`]: middle }, (job) => living(job) && isLate(job))
    await expectAdmitted({ [`${what}Before`]: middle }, (job) => living(job) && isEarly(job))
    await expectAdmitted({ [`${what}After`]: middle, [`${what}Before`]: middle }, () => false)
  })

  it('matches jobs by their ids in any letter case, each once', async () => {
    const [first, second] = everyJob.filter(living) as [Job, Job]
    const ids = [first.id, second.id.toUpperCase(), first.id, MISSING_ID]
    await expectAdmitted({ ids }, ({ id }) => id === first.id || id === second.id)
  })

  it.each(FILTER_TIMES)('accepts every %s in the years 1 to 9999 and refuses others', async (condition) => {
    for (const instant of ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z']) {
      expect(await countJobs(ledger, { [condition]: new Date(instant) })).toBeGreaterThanOrEqual(0)
    }
    for (const instant of ['0000-12-31T23:59:59.999Z', '-000001-01-01T00:00:00.000Z', '+010000-01-01T00:00:00.000Z']) {
      await expect(countJobs(ledger, { [condition]: new Date(instant) })).rejects.toMatchObject({
        issues: [{ path: [condition], message: `must be an instant in the years 1 to 9999 (got ${instant}).` }],
      })
    }
    await expect(countJobs(ledger, { [condition]: new Date('nonsense') })).rejects.toMatchObject({
      issues: [{ path: [condition], message: 'must be an instant in the years 1 to 9999 (got an invalid date).' }],
    })
  })

  it('refuses invalid values and lists all issues', async () => {
    const filter: JobFilter = {
      userId: '',
      ids: [MISSING_ID, 'x'],
      presets: ['x'.repeat(201), 'a\0'],
      excludePresets: [''],
      actor: '',
      metadata: [] as never,
    }
    const issues = [
      { path: ['userId'], message: 'must have 1 to 200 characters (got 0).' },
      { path: ['ids', '1'], message: 'must be the id of a job (got "x").' },
      { path: ['presets'], message: 'must have 1 to 200 characters (got 201).' },
      {
        path: ['presets'],
        message: 'must not contain a NUL character, which PostgreSQL cannot store (found at position 1).',
      },
      { path: ['excludePresets'], message: 'must have 1 to 200 characters (got 0).' },
      { path: ['actor'], message: 'must have 1 to 200 characters (got 0).' },
      { path: ['metadata'], message: 'must be a JSON object.' },
    ]
    await expect(listJobs(ledger, { filter })).rejects.toMatchObject({ code: 'INVALID_INPUT', issues })
    await expect(countJobs(ledger, filter)).rejects.toMatchObject({ issues })
    await expect(countJobsByState(ledger, filter)).rejects.toMatchObject({ issues })
  })

  it.each(['ids', 'presets', 'excludePresets'])('accepts 100 %s and refuses 101', async (condition) => {
    const values = Array.from({ length: 101 }, (_, n) => MISSING_ID.replace(/\d{3}$/, String(n).padStart(3, '0')))
    expect(await countJobs(ledger, { [condition]: values.slice(1) })).toBeGreaterThanOrEqual(0)
    await expect(countJobs(ledger, { [condition]: values })).rejects.toMatchObject({
      issues: [{ path: [condition], message: 'must have at most 100 values (got 101).' }],
    })
  })
})

describe('minUuidAt', () => {
  it('separates the jobs before and after an instant', () => {
    for (const { id, createdAt } of everyJob) {
      expect(id >= minUuidAt(createdAt)).toBe(true)
      expect(id < minUuidAt(new Date(createdAt.getTime() + 1))).toBe(true)
    }
  })
})
