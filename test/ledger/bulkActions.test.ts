// Bulk actions: the dry run, the start, and the batches that a server runs, one by one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BulkAction, JobState } from '../../src/database/generated/client.ts'
import {
  abortBulkAction,
  type BulkActionKind,
  bulkRefusals,
  findBulkAction,
  MAX_RUNNING_BULK_ACTIONS,
} from '../../src/ledger/bulkActions.ts'
import { claimJobs } from '../../src/ledger/claimJobs.ts'
import type { JobFilter } from '../../src/ledger/jobFilter.ts'
import { previewBulkAction } from '../../src/ledger/previewBulkAction.ts'
import { retryJob } from '../../src/ledger/retryJob.ts'
import { runBulkBatch, runningBulkActions } from '../../src/ledger/runBulkBatch.ts'
import { startBulkAction } from '../../src/ledger/startBulkAction.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import { ACTOR, deletedJob, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows, expectSoundHistories, historyOf, type Session } from '../support/history.ts'

let ledger: TestLedger
let session: Session

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})
afterAll(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

let users = 0
function newUser(): string {
  users += 1
  return `user ${users}`
}
const reason = 'the disk was full'

async function jobsOf(userId: string, ...states: JobState[]): Promise<string[]> {
  const ids: string[] = []
  for (const state of states) ids.push((await jobIn(ledger, state, { userId })).id)
  return ids
}

async function start(action: BulkActionKind, filter: JobFilter, actor = 'user:boss'): Promise<BulkAction> {
  const { matched } = await previewBulkAction(ledger, { action, filter, reason })
  return (await startBulkAction(ledger, { action, filter, reason, actor, expectedCount: matched })).bulkAction
}

/** Runs batches until the action has ended, as a server does. */
async function finish({ id, actor, action }: BulkAction, size = 100): Promise<BulkAction> {
  for (;;) {
    const batch = await runBulkBatch(ledger, { id, actor, reason, action: action as BulkActionKind }, size)
    if (batch === undefined || batch.isLast) break
  }
  return current(id)
}

const current = async (id: string): Promise<BulkAction> => (await findBulkAction(ledger, id)) as BulkAction
const refusals = (action: BulkAction) => bulkRefusals(ledger, action).map((one) => [one.reason, one.count])
const stateOf = async (id: string) => (await ledger.prisma.job.findUniqueOrThrow({ where: { id } })).state

describe('a dry run', () => {
  it('counts and samples what would change and what would be refused, and writes nothing', async () => {
    const userId = newUser()
    const ids = await jobsOf(userId, ...JOB_STATES, 'FAILED')
    const { id: deleted } = await deletedJob(ledger)
    const before = await allRows(session)
    const filter = { ids: [...ids, deleted], includeDeleted: true }
    const preview = await previewBulkAction(ledger, { action: 'RETRY', filter, reason })
    expect(preview).toMatchObject({ matched: 7, eligible: 2 })
    expect((await preview.sample({})).map(({ id }) => id)).toEqual([ids[5], ids[3]])
    expect(preview.refusals.map((one) => [one.reason, one.count])).toEqual([
      ['The job is PENDING.', 1],
      ['The job is PROCESSING.', 1],
      ['The job is COMPLETED.', 1],
      ['The job is CANCELLED.', 1],
      ['The job is deleted.', 1],
    ])
    const samples = await Promise.all(preview.refusals.map((refusal) => refusal.sample({ select: { id: true } })))
    expect(samples.map((jobs) => jobs.map(({ id }) => id))).toEqual([[ids[0]], [ids[1]], [ids[2]], [ids[4]], [deleted]])
    expect(await allRows(session)).toEqual(before)
  })

  it.each<[BulkActionKind, number]>([
    ['CANCEL', 2],
    ['RETRY', 1],
    ['DELETE', 5],
  ])('of %s finds %i of the five states eligible', async (action, eligible) => {
    const userId = newUser()
    await jobsOf(userId, ...JOB_STATES)
    const preview = await previewBulkAction(ledger, { action, filter: { userId }, reason })
    expect(preview).toMatchObject({ matched: 5, eligible })
    expect(await preview.sample({})).toHaveLength(eligible)
  })

  it('respects the states of the filter in its samples', async () => {
    const userId = newUser()
    await jobsOf(userId, ...JOB_STATES)
    const filter: JobFilter = { userId, excludeStates: ['PENDING'] }
    const preview = await previewBulkAction(ledger, { action: 'CANCEL', filter, reason })
    expect(preview).toMatchObject({ matched: 4, eligible: 1 })
    expect((await preview.sample({})).map(({ state }) => state)).toEqual(['PROCESSING'])
  })

  it('reports all issues of the filter and the reason', async () => {
    const filter = { ids: ['x'], userId: '' }
    await expect(previewBulkAction(ledger, { action: 'CANCEL', filter, reason: ' ' })).rejects.toMatchObject({
      issues: [
        { path: ['filter', 'userId'], message: 'must have 1 to 200 characters (got 0).' },
        { path: ['filter', 'ids', '0'], message: 'must be the id of a job (got "x").' },
        { path: ['reason'], message: 'must not be empty.' },
      ],
    })
  })
})

describe('a bulk action', () => {
  it('retries every failed job in batches, with its actor, reason and id on each record', async () => {
    const userId = newUser()
    const ids = await jobsOf(userId, ...Array.from({ length: 7 }, () => 'FAILED' as const), 'COMPLETED')
    const started = await start('RETRY', { userId })
    expect(started).toMatchObject({ state: 'RUNNING', matched: 8, done: 0, finishedAt: null })
    const ended = await finish(started, 3)
    expect(ended).toMatchObject({ state: 'COMPLETED', matched: 8, done: 7, finishedAt: expect.any(Date) })
    expect(refusals(ended)).toEqual([['The job is COMPLETED.', 1]])
    for (const id of ids.slice(0, 7)) {
      expect((await historyOf(session, id)).slice(3)).toMatchObject([
        { new_state: 'PENDING', actor: 'user:boss', reason, state_metadata: { bulkActionId: started.id } },
      ])
    }
  })

  it('deletes jobs in every state', async () => {
    const userId = newUser()
    const ids = await jobsOf(userId, ...JOB_STATES)
    expect(await finish(await start('DELETE', { userId }))).toMatchObject({ state: 'COMPLETED', done: 5 })
    expect(await ledger.prisma.job.count({ where: { id: { in: ids }, deletedAt: { not: null } } })).toBe(5)
  })

  it('cancels waiting jobs, and requests the cancellation of jobs in progress', async () => {
    const userId = newUser()
    const [pending, processing] = (await jobsOf(userId, 'PENDING', 'PROCESSING')) as [string, string]
    expect(await finish(await start('CANCEL', { userId }))).toMatchObject({ done: 2 })
    expect(await stateOf(pending)).toBe('CANCELLED')
    const job = await ledger.prisma.job.findUniqueOrThrow({ where: { id: processing } })
    expect(job).toMatchObject({ state: 'PROCESSING', cancelRequestedBy: 'user:boss', cancelReason: reason })
  })

  it('never touches a job that matches only after the start', async () => {
    const userId = newUser()
    const [first] = (await jobsOf(userId, 'FAILED')) as [string]
    const other = await jobIn(ledger, 'PROCESSING', { userId })
    const started = await start('RETRY', { userId, states: ['FAILED'] })
    const [late] = (await jobsOf(userId, 'FAILED')) as [string]
    await ledger.prisma.job.update({ where: { id: other.id }, data: { state: 'FAILED' } })
    expect(await finish(started)).toMatchObject({ matched: 1, done: 1 })
    expect([await stateOf(first), await stateOf(late), await stateOf(other.id)]).toEqual([
      'PENDING',
      'FAILED',
      'FAILED',
    ])
  })

  it('refuses to retry or delete a job that changed after the start', async () => {
    const userId = newUser()
    const ids = (await jobsOf(userId, 'FAILED', 'FAILED')) as [string, string]
    const actions = [await start('DELETE', { userId }), await start('RETRY', { userId })] as const
    await retryJob(ledger, { jobId: ids[0], actor: ACTOR })
    const deleted = await finish(actions[0])
    expect(deleted).toMatchObject({ state: 'COMPLETED', done: 1 })
    expect(refusals(deleted)).toEqual([['The job changed after the action started.', 1]])
    const retried = await finish(actions[1])
    expect(retried).toMatchObject({ state: 'COMPLETED', done: 0 })
    expect(new Map(refusals(retried) as [string, number][])).toEqual(
      new Map([
        ['The job changed after the action started.', 1],
        ['The job is deleted.', 1],
      ]),
    )
    expect(await stateOf(ids[0])).toBe('PENDING')
    const [sample] = await Promise.all(bulkRefusals(ledger, deleted).map((one) => one.sample({})))
    expect(sample?.map(({ id }) => id)).toEqual([ids[0]])
  })

  it('also cancels a job that a worker claimed after the start', async () => {
    const userId = newUser()
    const preset = userId
    await newJob(ledger, { userId, preset })
    const started = await start('CANCEL', { userId })
    const [claimed] = await claimJobs(ledger, { workerId: 'w', presets: [preset], actor: ACTOR })
    expect(await finish(started)).toMatchObject({ done: 1 })
    const job = await ledger.prisma.job.findUniqueOrThrow({ where: { id: claimed?.id ?? '' } })
    expect(job).toMatchObject({ state: 'PROCESSING', cancelReason: reason })
  })

  it('completes without jobs', async () => {
    const started = await start('CANCEL', { userId: newUser() })
    expect(await finish(started)).toMatchObject({ state: 'COMPLETED', matched: 0, done: 0 })
  })

  it('is not started for an actor that has too many running', async () => {
    const [actor, userId] = ['user:eager', newUser()]
    for (let n = 0; n < MAX_RUNNING_BULK_ACTIONS; n += 1) await start('CANCEL', { userId }, actor)
    await expect(start('CANCEL', { userId }, actor)).rejects.toMatchObject({
      issues: [{ message: expect.stringContaining('has 10 running bulk actions, which is the limit') }],
    })
    const mine = (await runningBulkActions(ledger)).filter((action) => action.actor === actor)
    expect(mine).toHaveLength(1)
  })
})

describe('an abort', () => {
  it('stops the action between two batches and keeps what was done', async () => {
    const userId = newUser()
    const ids = (await jobsOf(userId, 'FAILED', 'FAILED', 'FAILED')) as [string, string, string]
    const started = await start('RETRY', { userId })
    const running = { ...started, action: 'RETRY' as const }
    expect(await runBulkBatch(ledger, running, 2)).toEqual({ done: 2, refused: 0, isLast: false })
    expect(await abortBulkAction(ledger, started.id)).toMatchObject({ state: 'ABORTED', done: 2 })
    expect(await runBulkBatch(ledger, running, 2)).toBeUndefined()
    expect(await stateOf(ids[2])).toBe('FAILED')
    const { finishedAt } = await current(started.id)
    expect(await abortBulkAction(ledger, started.id)).toMatchObject({ state: 'ABORTED', finishedAt })
  })

  it('reaches only actions in the scope of its caller', async () => {
    const ownerId = newUser()
    const started = await start('CANCEL', { ownerId })
    expect(await abortBulkAction(ledger, started.id, { ownerId: 'someone else' })).toBeUndefined()
    expect(await current(started.id)).toMatchObject({ state: 'RUNNING', ownerId })
    expect(await abortBulkAction(ledger, started.id, { ownerId })).toMatchObject({ state: 'ABORTED' })
  })
})
