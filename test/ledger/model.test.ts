// Compares the ledger with a model of a job in twenty lines: any sequence of operations must give
// the same results.
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { LedgerError } from '../../src/ledger/errors.ts'
import { completeJob, failJob } from '../../src/ledger/finishJob.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { getJobResult, setJobResult } from '../../src/ledger/jobResult.ts'
import { isLegalTransition, JOB_STATES } from '../../src/ledger/states.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { ACTOR, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
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

interface Model {
  states: JobState[]
  deleted: boolean
  result: string | null
}
type Real = { id: string }
/** The code of the error, or "done". */
type Outcome = string

const newModel = (): Model => ({ states: ['PENDING'], deleted: false, result: null })

const stateOf = (model: Model) => model.states.at(-1) as JobState

interface Expectation {
  /** How far the expected version is behind the current one; undefined: no expectation. */
  behind: number | undefined
  state: JobState | undefined
}

function move(model: Model, to: JobState, { behind, state }: Expectation): Outcome {
  if ((behind ?? 0) !== 0 || (state ?? stateOf(model)) !== stateOf(model)) return 'VERSION_CONFLICT'
  if (!isLegalTransition(stateOf(model), to)) return 'ILLEGAL_TRANSITION'
  model.states.push(to)
  return 'done'
}

async function answerOf(work: Promise<unknown>): Promise<Outcome> {
  return work.then(
    () => 'done',
    (error: unknown) => {
      if (error instanceof LedgerError) return error.code
      throw error
    },
  )
}

async function expectSame(model: Model, { id }: Real): Promise<void> {
  const job = (await getJob(ledger, id)) as Job
  const history = await historyOf(session, id)
  const state = stateOf(model)
  expect(job).toMatchObject({ state, version: model.states.length })
  expect(history.map(({ new_state }) => new_state)).toEqual(model.states)
  expect(job.deletedAt !== null).toBe(model.deleted)
  // Since the job was last PENDING: when it started, and when it first finished.
  const since = history.slice(history.findLastIndex(({ new_state }) => new_state === 'PENDING'))
  const started = since.find(({ new_state }) => new_state === 'PROCESSING')
  const finished = since.find(({ new_state }) => !['PENDING', 'PROCESSING'].includes(new_state))
  expect({ startedAt: job.startedAt, completedAt: job.completedAt }).toEqual({
    startedAt: started?.timestamp ?? null,
    completedAt: finished?.timestamp ?? null,
  })
  expect((await getJobResult(ledger, id))?.status ?? null).toBe(model.result)
}

/** A command runs on the model and on the ledger. Both results must be equal. */
function command(
  name: string,
  onModel: (model: Model) => Outcome,
  onLedger: (id: string, version: number) => Promise<Outcome>,
) {
  return {
    check: () => true,
    toString: () => name,
    async run(model: Model, real: Real): Promise<void> {
      const version = model.states.length
      const expected = onModel(model)
      expect(await onLedger(real.id, version), name).toBe(expected)
      await expectSame(model, real)
    },
  }
}

const expectations = fc.record({
  behind: fc.option(fc.constantFrom(0, 0, 1, -1), { nil: undefined }),
  state: fc.option(fc.constantFrom(...JOB_STATES), { nil: undefined, freq: 2 }),
})

const versionSeen = (version: number, behind: number | undefined) =>
  behind === undefined ? undefined : Math.max(version - behind, 1)
// No version precedes the first one.
const possible = (model: Model, { behind, state }: Expectation): Expectation => ({
  behind: behind === 1 && model.states.length === 1 ? 0 : behind,
  state,
})

const transitions = fc.tuple(fc.constantFrom(...JOB_STATES), expectations).map(([to, expectation]) =>
  command(
    `transition to ${to} ${JSON.stringify(expectation)}`,
    (model) => move(model, to, possible(model, expectation)),
    (jobId, version) =>
      answerOf(
        transitionJob(ledger, {
          jobId,
          to,
          actor: ACTOR,
          expectedVersion: versionSeen(version, expectation.behind),
          expectedState: expectation.state,
        }),
      ),
  ),
)

const ends = fc.tuple(fc.constantFrom('SUCCESS', 'ERROR', 'TIMEOUT'), expectations).map(([result, expectation]) =>
  command(
    `end with ${result} ${JSON.stringify(expectation)}`,
    (model) => {
      const answer = move(model, result === 'SUCCESS' ? 'COMPLETED' : 'FAILED', possible(model, expectation))
      if (answer === 'done') model.result = result
      return answer
    },
    (jobId, version) => {
      const note = {
        jobId,
        actor: ACTOR,
        expectedVersion: versionSeen(version, expectation.behind),
        expectedState: expectation.state,
      }
      if (result === 'SUCCESS') return answerOf(completeJob(ledger, note))
      return answerOf(failJob(ledger, { ...note, errorMessage: 'failed', timedOut: result === 'TIMEOUT' }))
    },
  ),
)

const results = fc.constantFrom('SUCCESS', 'ERROR', 'TIMEOUT').map((status) =>
  command(
    `set result ${status}`,
    (model) => {
      if (model.deleted) return 'JOB_NOT_FOUND'
      model.result = status
      return 'done'
    },
    (jobId) => answerOf(setJobResult(ledger, { jobId, actor: 'user:ada', status: status as 'SUCCESS' })),
  ),
)

const deletions = fc.constant(
  command(
    'delete',
    (model) => {
      if (model.deleted) return 'not deleted'
      model.deleted = true
      model.states.push('CANCELLED')
      return 'done'
    },
    async (jobId) => ((await deleteJob(ledger, { jobId, actor: ACTOR })).deleted ? 'done' : 'not deleted'),
  ),
)

describe('a job', () => {
  it('behaves like the model', async () => {
    const legal = (['PENDING', 'PROCESSING', 'FAILED'] as JobState[]).map((to) =>
      fc.constant(
        command(
          `go to ${to}`,
          (model) => move(model, to, { behind: 0, state: undefined }),
          (jobId, version) => answerOf(transitionJob(ledger, { jobId, to, actor: ACTOR, expectedVersion: version })),
        ),
      ),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.commands([...legal, ...legal, transitions, ends, results, deletions], { maxCommands: 20 }),
        async (commands) => {
          const { id } = await newJob(ledger)
          await fc.asyncModelRun(() => ({ model: newModel(), real: { id } }), commands)
        },
      ),
      { numRuns: 30 },
    )
  })
})
