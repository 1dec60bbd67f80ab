// Reading the history of one job and the records of all jobs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job, JobStateRecord } from '../../src/database/generated/client.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { countJobStateRecords, getJobHistory, listJobStateRecords } from '../../src/ledger/jobHistory.ts'
import type { JobStateRecordFilter } from '../../src/ledger/recordFilter.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { cursorAt } from '../support/cursors.ts'
import { ACTOR, jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let anns: Job
let everyRecord: JobStateRecord[]

beforeAll(async () => {
  ledger = await openTestLedger()
  anns = await newJob(ledger, { userId: 'ann' })
  const move = { jobId: anns.id, actor: 'worker' }
  await transitionJob(ledger, { ...move, to: 'PROCESSING', reason: 'taken', metadata: { host: 'a' } })
  await transitionJob(ledger, { ...move, to: 'FAILED' })
  await transitionJob(ledger, { ...move, to: 'PENDING', actor: 'ann' })
  await deleteJob(ledger, { jobId: anns.id, actor: 'ann', reason: 'no more' })
  await jobIn(ledger, 'COMPLETED', { userId: 'ben' })
  everyRecord = await ledger.prisma.jobStateRecord.findMany({ orderBy: [{ timestamp: 'desc' }, { id: 'desc' }] })
})

afterAll(() => ledger.close())

describe('getJobHistory', () => {
  it('returns every transition of a job in order, with states, time, reason, actor and duration', async () => {
    const { rows } = await getJobHistory(ledger, anns.id)
    expect(rows).toMatchObject([
      { sequence: 1, previousState: null, newState: 'PENDING', actor: ACTOR, reason: null, timestamp: anns.createdAt },
      {
        sequence: 2,
        previousState: 'PENDING',
        newState: 'PROCESSING',
        actor: 'worker',
        reason: 'taken',
        stateMetadata: { host: 'a' },
      },
      {
        sequence: 3,
        previousState: 'PROCESSING',
        newState: 'FAILED',
        actor: 'worker',
        reason: null,
        stateMetadata: {},
      },
      { sequence: 4, previousState: 'FAILED', newState: 'PENDING', actor: 'ann' },
      { sequence: 5, previousState: 'PENDING', newState: 'CANCELLED', actor: 'ann', reason: 'no more' },
    ])
    const times = rows.map(({ timestamp }) => timestamp.getTime())
    expect(rows.map(({ previousStateDurationMs }) => previousStateDurationMs)).toEqual([
      null,
      ...times.slice(1).map((time, index) => BigInt(time - (times[index] as number))),
    ])
  })

  it('is empty for a missing job', async () => {
    const page = await getJobHistory(ledger, MISSING_ID)
    expect([page.rows, await page.hasNextPage(), await page.hasPreviousPage()]).toEqual([[], false, false])
  })

  it('returns pages from either end', async () => {
    const sequences = async (request: object) =>
      (await getJobHistory(ledger, anns.id, request)).rows.map(({ sequence }) => sequence)
    const whole = await getJobHistory(ledger, anns.id)
    expect(await sequences({ first: 2 })).toEqual([1, 2])
    expect(await sequences({ last: 2 })).toEqual([4, 5])
    expect(await sequences({ first: 2, after: cursorAt(whole, 2) })).toEqual([4, 5])
    expect(await sequences({ last: 1, before: cursorAt(whole, 2) })).toEqual([2])
    await expect(sequences({ first: 101 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: ['first'] }],
    })
  })
})

describe('listJobStateRecords', () => {
  const timeOf = (sequence: number) =>
    everyRecord.find((one) => one.jobId === anns.id && one.sequence === sequence)?.timestamp as Date

  it.each<[string, () => JobStateRecordFilter | undefined, (record: JobStateRecord) => boolean]>([
    ['every record', () => undefined, () => true],
    ['every record for an empty filter', () => ({}), () => true],
    ['the records of a job', () => ({ jobId: anns.id }), ({ jobId }) => jobId === anns.id],
    ['the records of no job', () => ({ jobId: MISSING_ID }), () => false],
    ["the records of a user's jobs", () => ({ userId: 'ben' }), ({ jobId }) => jobId !== anns.id],
    ['the records of an actor', () => ({ actor: 'worker' }), ({ actor }) => actor === 'worker'],
    [
      'what left some states',
      () => ({ previousStates: ['PENDING', 'FAILED'] }),
      ({ previousState }) => ['PENDING', 'FAILED'].includes(previousState ?? ''),
    ],
    [
      'the records with some new states',
      () => ({ newStates: ['CANCELLED'] }),
      ({ newState }) => newState === 'CANCELLED',
    ],
    ['nothing for an empty list of states', () => ({ newStates: [] }), () => false],
    ['the records at a time or later', () => ({ after: timeOf(3) }), ({ timestamp }) => timestamp >= timeOf(3)],
    ['the records before a time', () => ({ before: timeOf(3) }), ({ timestamp }) => timestamp < timeOf(3)],
    [
      'all of it at once',
      () => ({
        jobId: anns.id,
        userId: 'ann',
        actor: 'ann',
        previousStates: ['FAILED'],
        newStates: ['PENDING'],
        after: timeOf(1),
        before: new Date('9999-01-01'),
      }),
      ({ sequence, jobId }) => jobId === anns.id && sequence === 4,
    ],
  ])('lists and counts %s, newest first', async (_, filter, matches) => {
    const expected = everyRecord.filter(matches)
    expect((await listJobStateRecords(ledger, { filter: filter() })).rows).toEqual(expected)
    expect(await countJobStateRecords(ledger, filter())).toBe(expected.length)
  })

  it('refuses what cannot be looked for, naming every fault', async () => {
    const filter = { jobId: '7', userId: '', actor: '\0', after: new Date('0000-06-01T00:00:00Z') }
    const issues = [
      { path: ['userId'], message: 'must have 1 to 200 characters (got 0).' },
      {
        path: ['actor'],
        message: 'must not contain a NUL character, which PostgreSQL cannot store (found at position 0).',
      },
      { path: ['after'], message: 'must be an instant in the years 1 to 9999 (got 0000-06-01T00:00:00.000Z).' },
      { path: ['jobId'], message: 'must be the id of a job (got "7").' },
    ]
    await expect(listJobStateRecords(ledger, { filter })).rejects.toMatchObject({ code: 'INVALID_INPUT', issues })
    await expect(countJobStateRecords(ledger, filter)).rejects.toMatchObject({ code: 'INVALID_INPUT', issues })
  })
})
