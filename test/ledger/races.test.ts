// Racing callers: exactly one wins each version of a job, the others learn which version won, and
// the history has every step.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { IllegalTransitionError, VersionConflictError } from '../../src/ledger/errors.ts'
import { completeJob, failJob } from '../../src/ledger/finishJob.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { getJobResult } from '../../src/ledger/jobResult.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { ACTOR, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'

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

/** Runs all calls at once. Returns the winners and the errors of the others. */
async function race<T>(count: number, run: (number: number) => Promise<T>): Promise<{ won: T[]; lost: unknown[] }> {
  const settled = await Promise.allSettled(Array.from({ length: count }, (_, number) => run(number)))
  return {
    won: settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    lost: settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])),
  }
}

describe('100 callers that start one job', () => {
  it('start it once, and the others learn that it is PROCESSING', async () => {
    const { id } = await newJob(ledger)
    const { won, lost } = await race(100, (n) =>
      transitionJob(ledger, { jobId: id, to: 'PROCESSING', actor: `caller ${n}` }),
    )
    expect(won).toHaveLength(1)
    expect(lost).toHaveLength(99)
    for (const error of lost) {
      expect(error).toBeInstanceOf(IllegalTransitionError)
      expect(error).toMatchObject({ from: 'PROCESSING', to: 'PROCESSING' })
    }
    expect(await historyOf(session, id)).toMatchObject([
      { new_state: 'PENDING' },
      { new_state: 'PROCESSING', actor: won[0]?.stateActor },
    ])
  })

  it('start or cancel it at the version they read: one wins, and the others learn the new version', async () => {
    const { id } = await newJob(ledger)
    const { won, lost } = await race(100, (n) =>
      transitionJob(ledger, {
        jobId: id,
        to: n % 2 ? 'CANCELLED' : 'PROCESSING',
        expectedVersion: 1,
        actor: `caller ${n}`,
      }),
    )
    expect(won).toHaveLength(1)
    for (const error of lost) {
      expect(error).toBeInstanceOf(VersionConflictError)
      expect(error).toMatchObject({ expectedVersion: 1, actualVersion: 2, actualState: won[0]?.state })
    }
    expect(await historyOf(session, id)).toHaveLength(2)
  })

  it('start it once with batches', async () => {
    const { id } = await newJob(ledger)
    const { won } = await race(50, () =>
      transitionJobs(
        ledger,
        [
          { jobId: id, to: 'PROCESSING' },
          { jobId: id, to: 'PROCESSING' },
        ],
        ACTOR,
      ),
    )
    const answers = won.flat()
    expect(answers).toHaveLength(100)
    expect(answers.filter((answer) => !(answer instanceof Error))).toMatchObject([{ version: 2, state: 'PROCESSING' }])
    expect(await historyOf(session, id)).toHaveLength(2)
  })
})

describe('100 contested transitions of one job', () => {
  const LAST_VERSION = 101
  /** Transitions from each state that never reach a final state. */
  const NEXT: Partial<Record<JobState, JobState[]>> = {
    PENDING: ['PROCESSING'],
    PROCESSING: ['PENDING', 'FAILED'],
    FAILED: ['PENDING'],
  }
  const next = ({ state, version }: Job, taste: number): JobState => {
    const ways = NEXT[state] ?? []
    return ways[(version + taste) % ways.length] as JobState
  }

  it('have exactly one winner each, among callers of the ledger and direct edits', async () => {
    const { id } = await newJob(ledger)
    const wins: number[] = []
    const caller = async (taste: number): Promise<void> => {
      for (;;) {
        const job = (await getJob(ledger, id)) as Job
        if (job.version >= LAST_VERSION) return
        const moved = await transitionJob(ledger, {
          jobId: id,
          to: next(job, taste),
          expectedVersion: job.version,
          actor: `caller ${taste}`,
        }).catch((error: unknown) => {
          expect(error).toBeInstanceOf(VersionConflictError)
          return undefined
        })
        if (moved) wins.push(moved.version)
      }
    }
    const editor = async (): Promise<void> => {
      const own = await ledger.session()
      for (;;) {
        const job = (await getJob(ledger, id)) as Job
        if (job.version >= LAST_VERSION) return
        const { rows } = await own.query<{ version: number }>(
          'UPDATE jobs SET state = $1 WHERE id = $2 AND version = $3 RETURNING version',
          [next(job, 0), id, job.version],
        )
        wins.push(...rows.map(({ version }) => version))
      }
    }
    await Promise.all([...[0, 1, 2, 3, 4, 5].map(caller), editor(), editor()])
    expect(wins.toSorted((a, b) => a - b)).toEqual(Array.from({ length: LAST_VERSION - 1 }, (_, n) => n + 2))
    const history = await historyOf(session, id)
    expect(history.map(({ sequence }) => sequence)).toEqual(Array.from({ length: LAST_VERSION }, (_, n) => n + 1))
  })
})

describe('two outcomes of one job', () => {
  it('store only the result of the caller that wins', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await jobIn(ledger, 'PROCESSING')
      const { won, lost } = await race(10, (n) =>
        n % 2
          ? completeJob(ledger, { jobId: id, actor: `caller ${n}`, output: n })
          : failJob(ledger, { jobId: id, actor: `caller ${n}`, errorMessage: `error ${n}`, output: n }),
      )
      expect(won).toHaveLength(1)
      for (const error of lost) expect(error).toBeInstanceOf(IllegalTransitionError)
      const winner = Number(won[0]?.stateActor.slice('caller '.length))
      expect(await getJobResult(ledger, id)).toMatchObject({ output: winner, status: winner % 2 ? 'SUCCESS' : 'ERROR' })
    }
  })

  it('do not allow a worker that lost the job to finish it: its version is the fencing token', async () => {
    const first = await jobIn(ledger, 'PROCESSING')
    await transitionJob(ledger, { jobId: first.id, to: 'PENDING', actor: 'rescuer' })
    const second = await transitionJob(ledger, { jobId: first.id, to: 'PROCESSING', actor: 'second worker' })
    const late = completeJob(ledger, {
      jobId: first.id,
      actor: 'first worker',
      expectedVersion: first.version,
      output: 1,
    })
    await expect(late).rejects.toMatchObject({ code: 'VERSION_CONFLICT', expectedVersion: 2, actualVersion: 4 })
    expect(await getJobResult(ledger, first.id)).toBeNull()
    await completeJob(ledger, { jobId: first.id, actor: 'second worker', expectedVersion: second.version, output: 2 })
    expect(await getJobResult(ledger, first.id)).toMatchObject({ output: 2 })
  })
})

describe('deletion', () => {
  it('deletes once when 30 callers race', async () => {
    const { id } = await jobIn(ledger, 'COMPLETED')
    const { won } = await race(30, (n) => deleteJob(ledger, { jobId: id, actor: `caller ${n}` }))
    expect(won).toHaveLength(30)
    expect(won.filter(({ deleted }) => deleted)).toHaveLength(1)
    expect(new Set(won.map(({ job }) => job?.stateActor)).size).toBe(1)
    expect(await historyOf(session, id)).toHaveLength(4)
  })

  it('ends the job for all concurrent transitions', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await newJob(ledger)
      const { won, lost } = await race(9, (n) =>
        n === 4
          ? deleteJob(ledger, { jobId: id, actor: ACTOR }).then(({ job }) => job as Job)
          : transitionJob(ledger, {
              jobId: id,
              to: (['PROCESSING', 'CANCELLED', 'PENDING'] as const)[n % 3] as JobState,
              actor: ACTOR,
            }),
      )
      for (const error of lost) expect(error).toBeInstanceOf(IllegalTransitionError)
      const history = await historyOf(session, id)
      expect(history).toHaveLength(1 + won.length)
      expect(await getJob(ledger, id)).toMatchObject({ state: 'CANCELLED', deletedAt: expect.any(Date) })
    }
  })
})

describe('batches over the same jobs in opposite orders', () => {
  it('wait for each other and never deadlock', async () => {
    const jobs = await Promise.all(Array.from({ length: 40 }, () => newJob(ledger)))
    const ids = jobs.map(({ id }) => id)
    for (let round = 0; round < 20; round += 1) {
      const to: JobState = round % 2 ? 'PENDING' : 'PROCESSING'
      const item = (jobId: string) => ({ jobId, to })
      const before = await deadlocks()
      const [forwards, backwards] = await Promise.all([
        transitionJobs(ledger, ids.map(item), 'forwards'),
        transitionJobs(ledger, ids.toReversed().map(item), 'backwards'),
      ])
      const winners = [...forwards, ...backwards].filter((answer) => !(answer instanceof Error)) as Job[]
      expect(winners.map(({ id }) => id).sort()).toEqual(ids.toSorted())
      expect(new Set(winners.map(({ stateActor }) => stateActor)).size).toBe(1)
      expect(await deadlocks()).toBe(before)
    }
  })

  async function deadlocks(): Promise<string> {
    const { rows } = await session.query<{ deadlocks: string }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    )
    return (rows[0] as { deadlocks: string }).deadlocks
  }
})
