// Jobs that have been PROCESSING for too long, measured from their start.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import { countStuckJobs, listStuckJobs } from '../../src/ledger/stuckJobs.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, jobCreatedAt, jobIn, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterAll(() => ledger.close())

const idsOlderThan = async (olderThanSeconds?: number) =>
  (await listStuckJobs(ledger, { olderThanSeconds })).rows.map(({ id }) => id)

describe('stuckJobs', () => {
  it('finds jobs that are PROCESSING for too long, earliest first, and no other jobs', async () => {
    await Promise.all(JOB_STATES.filter((state) => state !== 'PROCESSING').map((state) => jobIn(ledger, state)))
    const first = await jobIn(ledger, 'PROCESSING')
    const second = await jobIn(ledger, 'PROCESSING')
    await eventually(async () => expect(await idsOlderThan(0)).toEqual([first.id, second.id]))
    expect(await countStuckJobs(ledger, { olderThanSeconds: 0 })).toBe(2)
    expect(await idsOlderThan(30)).toEqual([])
    await eventually(async () => expect(await idsOlderThan(1)).toEqual([first.id, second.id]))
    expect(await countStuckJobs(ledger, { olderThanSeconds: 1 })).toBe(2)
  })

  it('uses a threshold of one hour by default, from the start of the attempt', async () => {
    await jobCreatedAt(ledger, new Date('2025-01-01'), 'PROCESSING')
    expect(await idsOlderThan()).toEqual([])
    expect((await listStuckJobs(ledger)).rows).toEqual([])
    expect(await countStuckJobs(ledger)).toBe(0)
  })

  it('does not find jobs that were released, restarted or deleted since', async () => {
    const [released, restarted, deleted] = [
      await jobIn(ledger, 'PROCESSING'),
      await jobIn(ledger, 'PROCESSING'),
      await jobIn(ledger, 'PROCESSING'),
    ]
    await eventually(async () =>
      expect(await idsOlderThan(1)).toEqual(expect.arrayContaining([released.id, restarted.id, deleted.id])),
    )
    for (const { id } of [released, restarted]) await transitionJob(ledger, { jobId: id, to: 'PENDING', actor: ACTOR })
    await transitionJob(ledger, { jobId: restarted.id, to: 'PROCESSING', actor: ACTOR })
    await deleteJob(ledger, { jobId: deleted.id, actor: ACTOR })
    const found = await idsOlderThan(1)
    for (const { id } of [released, restarted, deleted]) expect(found).not.toContain(id)
  })

  it.each([-1, 1.5, 2 ** 31])('refuses the age %d', async (olderThanSeconds) => {
    const issues = [
      { path: ['olderThanSeconds'], message: `must be an integer from 0 to 2147483647 (got ${olderThanSeconds}).` },
    ]
    await expect(listStuckJobs(ledger, { olderThanSeconds })).rejects.toMatchObject({ code: 'INVALID_INPUT', issues })
    await expect(countStuckJobs(ledger, { olderThanSeconds })).rejects.toMatchObject({ code: 'INVALID_INPUT', issues })
  })
})
