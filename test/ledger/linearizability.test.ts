// Transitions are linearizable: the results of thousands of concurrent calls have an order that
// explains all of them. The checker itself is tested first, with broken implementations and the
// same callers.
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { IllegalTransitionError, VersionConflictError } from '../../src/ledger/errors.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { JOB_STATES } from '../../src/ledger/states.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { ACTOR, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories } from '../support/history.ts'
import {
  apply,
  firstInexplicable,
  NEW_JOB,
  type Operation,
  type Outcome,
  type Register,
  type Transition,
} from '../support/linearizability.ts'

/** An implementation of transitions, correct or not. */
type Implementation = (job: number, transition: Transition | undefined) => Promise<Outcome>

/** Random numbers that are the same in each run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/**
 * Calls of one caller: reads, and transitions that expect what it read last, a guess, or nothing.
 */
function nextCall(random: (below: number) => number, seen: Register): Transition | undefined {
  if (random(4) === 0) return undefined
  // Mostly transitions that can continue, so that jobs do not end; sometimes any state.
  const to =
    random(20) === 0
      ? JOB_STATES[random(2)]
      : ({ PENDING: 'PROCESSING', PROCESSING: 'FAILED' } as const)[seen.state as 'PENDING']
  return {
    to: to ?? 'PENDING',
    ...[
      {},
      { expectedVersion: seen.version },
      { expectedState: seen.state },
      { expectedVersion: seen.version, expectedState: seen.state },
    ][random(4)],
  }
}

interface Drive {
  jobs: number
  callers: number
  callsEach: number
}

/** Runs concurrent callers against an implementation and returns the calls of each job. */
async function drive(implementation: Implementation, { jobs, callers, callsEach }: Drive): Promise<Operation[][]> {
  const recorded: Operation[][] = Array.from({ length: jobs }, () => [])
  const caller = async (number: number): Promise<void> => {
    const random = randomOf(number + 1)
    const seen = recorded.map(() => NEW_JOB)
    for (let call = 0; call < callsEach; call += 1) {
      const job = random(jobs)
      const transition = nextCall(random, seen[job] as Register)
      const calledAt = performance.now()
      const outcome = await implementation(job, transition)
      recorded[job]?.push({ transition, outcome, calledAt, returnedAt: performance.now() })
      seen[job] = { ...(seen[job] as Register), ...outcome.register }
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)))
  return recorded
}

const inexplicable = (recorded: Operation[][]) => recorded.flatMap((operations) => firstInexplicable(operations) ?? [])

describe('the judge', () => {
  const small = { jobs: 3, callers: 8, callsEach: 100 }
  const registers = () => Array.from({ length: small.jobs }, () => NEW_JOB)

  it('accepts a correct implementation', async () => {
    const stored = registers()
    const sound: Implementation = async (job, transition) => {
      await setImmediate()
      const { outcome, after } = apply(stored[job] as Register, transition)
      stored[job] = after
      await setImmediate()
      return outcome
    }
    expect(inexplicable(await drive(sound, small))).toEqual([])
  })

  it('detects lost updates: a value is written back after others wrote', async () => {
    const stored = registers()
    const forgetful: Implementation = async (job, transition) => {
      const { outcome, after } = apply(stored[job] as Register, transition)
      await setImmediate()
      stored[job] = after
      return outcome
    }
    expect(inexplicable(await drive(forgetful, small))).not.toEqual([])
  })

  it('detects stale reads from a replica that lags', async () => {
    const stored = registers()
    const replica = registers()
    const lagging: Implementation = async (job, transition) => {
      await setImmediate()
      if (transition === undefined) {
        const register = replica[job] as Register
        replica[job] = stored[job] as Register
        return { kind: 'read', register }
      }
      const { outcome, after } = apply(stored[job] as Register, transition)
      stored[job] = after
      return outcome
    }
    expect(inexplicable(await drive(lagging, small))).not.toEqual([])
  })

  it('detects a guard that ignores the version', async () => {
    const stored = registers()
    const lax: Implementation = async (job, transition) => {
      await setImmediate()
      const { outcome, after } = apply(stored[job] as Register, transition && { to: transition.to })
      stored[job] = after
      return outcome
    }
    expect(inexplicable(await drive(lax, small))).not.toEqual([])
  })

  const won = (calledAt: number, returnedAt: number): Operation => ({
    transition: { to: 'PROCESSING', expectedVersion: 1 },
    outcome: { kind: 'moved', register: { state: 'PROCESSING', version: 2 } },
    calledAt,
    returnedAt,
  })
  const read = (state: JobState, version: number, calledAt: number, returnedAt: number): Operation => ({
    outcome: { kind: 'read', register: { state, version } },
    calledAt,
    returnedAt,
  })

  it('detects two winners of one version, and accepts one', () => {
    const second = won(1, 3)
    expect(firstInexplicable([won(0, 2), second])).toBe(second)
    expect(firstInexplicable([won(0, 2)])).toBeUndefined()
  })

  it('detects a stale read after the transition returned, and accepts it while the transition runs', () => {
    const late = read('PENDING', 1, 3, 4)
    expect(firstInexplicable([won(0, 2), late])).toBe(late)
    expect(firstInexplicable([won(0, 2), read('PENDING', 1, 1, 4)])).toBeUndefined()
  })

  it('detects reads that go back in time while the transition runs', () => {
    const back = read('PENDING', 1, 3, 4)
    expect(firstInexplicable([won(0, 9), read('PROCESSING', 2, 1, 2), back])).toBe(back)
    expect(firstInexplicable([won(0, 9), read('PENDING', 1, 1, 2), read('PROCESSING', 2, 3, 4)])).toBeUndefined()
  })

  it('detects a conflict without a cause', () => {
    const conflict: Operation = {
      transition: { to: 'PROCESSING', expectedVersion: 1 },
      outcome: { kind: 'conflict', register: NEW_JOB },
      calledAt: 0,
      returnedAt: 1,
    }
    expect(firstInexplicable([conflict])).toBe(conflict)
  })
})

describe('the ledger', () => {
  const JOBS = 5
  let ledger: TestLedger
  let jobs: Job[]

  beforeAll(async () => {
    ledger = await openTestLedger()
    jobs = await Promise.all(Array.from({ length: JOBS }, () => newJob(ledger)))
  })

  afterAll(() => ledger.close())

  const outcomeOf = (answer: unknown, kind: 'moved' | 'read'): Outcome => {
    if (answer instanceof VersionConflictError) {
      return { kind: 'conflict', register: { state: answer.actualState, version: answer.actualVersion } }
    }
    if (answer instanceof IllegalTransitionError) return { kind: 'illegal', register: { state: answer.from } }
    if (answer instanceof Error) throw answer
    const { state, version } = answer as Job
    return { kind, register: { state, version } }
  }

  it('is linearizable over 2,100 concurrent calls: transitions alone and in batches, and reads', async () => {
    let calls = 0
    const real: Implementation = async (number, transition) => {
      calls += 1
      const { id: jobId } = jobs[number] as Job
      if (transition === undefined) return outcomeOf(await getJob(ledger, jobId), 'read')
      if (calls % 3 === 0)
        return outcomeOf((await transitionJobs(ledger, [{ jobId, ...transition }], ACTOR))[0], 'moved')
      return outcomeOf(
        await transitionJob(ledger, { jobId, actor: ACTOR, ...transition }).catch((error: unknown) => error),
        'moved',
      )
    }
    const recorded = await drive(real, { jobs: JOBS, callers: 12, callsEach: 175 })
    expect(recorded.flat()).toHaveLength(2100)
    expect(inexplicable(recorded)).toEqual([])
    // The calls were contested: many succeeded, many failed, and many overlapped.
    const kinds = recorded.flat().map(({ outcome }) => outcome.kind)
    for (const kind of ['read', 'moved', 'conflict', 'illegal']) {
      expect(kinds.filter((one) => one === kind).length, kind).toBeGreaterThan(50)
    }
    await expectSoundHistories(await ledger.session())
  })
})
