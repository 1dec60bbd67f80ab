// transitionJob, transitionJobs, completeJob and failJob over HTTP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { deletedJob, jobIn, MISSING_ID, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED, headers: await asUser('worker', 'WORKER') })
})
afterAll(() => server.close())

const OUTCOME = `fragment Outcome on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    job { state version stateReason stateActor stateMetadata startedAt completedAt isTerminal allowedTransitions
      result { status output errorMessage processingTimeMs } }
    record { sequence previousState newState reason metadata actor timestamp previousStateDurationMs job { jobId } } }
  ... on Error { code message }
  ... on JobNotFound { jobId }
  ... on IllegalTransition { from to allowed }
  ... on VersionConflict { expectedVersion actualVersion expectedState actualState }
  ... on InvalidInput { issues { path message } }
}`

type Operation = 'transitionJob' | 'completeJob' | 'failJob'

async function run(operation: Operation, input: object, actor = 'worker') {
  const type = `${operation[0]?.toUpperCase()}${operation.slice(1)}Input!`
  const query = `mutation ($input: ${type}) { outcome: ${operation}(input: $input) { ...Outcome } } ${OUTCOME}`
  const answer = await server.request(query, { input }, await asUser(actor, 'WORKER'))
  expect(answer.errors).toBeUndefined()
  return answer.data.outcome
}

describe('transitionJob', () => {
  it('moves the job and returns the record', async () => {
    const { id } = await newJob(server.ledger)
    const { job, record } = await run('transitionJob', {
      jobId: id,
      to: 'PROCESSING',
      reason: 'claimed',
      metadata: { host: 'h1' },
    })
    expect(job).toMatchObject({
      state: 'PROCESSING',
      version: 2,
      stateReason: 'claimed',
      stateActor: 'user:worker',
      stateMetadata: { host: 'h1' },
      completedAt: null,
      isTerminal: false,
      allowedTransitions: ['COMPLETED', 'FAILED', 'CANCELLED', 'PENDING'],
      result: null,
    })
    expect(record).toMatchObject({
      sequence: 2,
      previousState: 'PENDING',
      newState: 'PROCESSING',
      reason: 'claimed',
      metadata: { host: 'h1' },
      actor: 'user:worker',
      timestamp: job.startedAt,
      job: { jobId: id },
    })
    expect(record.previousStateDurationMs).toBeGreaterThanOrEqual(0)
  })

  it('refuses an illegal transition and returns the allowed ones', async () => {
    const { id } = await newJob(server.ledger)
    expect(await run('transitionJob', { jobId: id, to: 'COMPLETED' })).toEqual({
      __typename: 'IllegalTransition',
      code: 'ILLEGAL_TRANSITION',
      message: `Job ${id} is PENDING and cannot become COMPLETED; it can become PROCESSING or CANCELLED.`,
      from: 'PENDING',
      to: 'COMPLETED',
      allowed: ['PROCESSING', 'CANCELLED'],
    })
    const { id: deleted } = await deletedJob(server.ledger)
    expect(await run('transitionJob', { jobId: deleted, to: 'PENDING' })).toMatchObject({
      from: 'CANCELLED',
      allowed: [],
    })
  })

  it('returns the actual version and state to the loser of a race', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    expect(await run('transitionJob', { jobId: id, to: 'COMPLETED', expectedVersion: 1 })).toMatchObject({
      __typename: 'VersionConflict',
      code: 'VERSION_CONFLICT',
      expectedVersion: 1,
      actualVersion: 2,
      expectedState: null,
      actualState: 'PROCESSING',
    })
    expect(await run('transitionJob', { jobId: id, to: 'CANCELLED', expectedState: 'PENDING' })).toMatchObject({
      __typename: 'VersionConflict',
      expectedVersion: null,
      actualVersion: 2,
      expectedState: 'PENDING',
      actualState: 'PROCESSING',
    })
    expect(
      await run('transitionJob', { jobId: id, to: 'COMPLETED', expectedVersion: 2, expectedState: 'PROCESSING' }),
    ).toMatchObject({
      job: { state: 'COMPLETED', version: 3 },
    })
  })

  it('returns JobNotFound with the global id of a missing job', async () => {
    const jobId = Buffer.from(`Job:${MISSING_ID}`).toString('base64')
    expect(await run('transitionJob', { jobId: MISSING_ID, to: 'CANCELLED' })).toMatchObject({
      __typename: 'JobNotFound',
      code: 'JOB_NOT_FOUND',
      jobId,
    })
  })

  it('refuses a reason that is too long and a version that is out of range', async () => {
    const { id } = await newJob(server.ledger)
    const refused = await run('transitionJob', {
      jobId: id,
      to: 'CANCELLED',
      reason: 'r'.repeat(4097),
      expectedVersion: 0,
    })
    expect(refused.issues).toEqual([
      { path: ['reason'], message: 'must have at most 4096 bytes (got 4097).' },
      { path: ['expectedVersion'], message: 'must be an integer from 1 to 2147483647 (got 0).' },
    ])
  })

  it('lets one of a hundred racing requests win each version, and leaves no gaps in the history', async () => {
    const { id } = await newJob(server.ledger)
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, racer) =>
        run('transitionJob', { jobId: id, to: 'PROCESSING', expectedVersion: 1 }, `racer-${racer}`),
      ),
    )
    const winners = outcomes.filter(({ __typename }) => __typename === 'TransitionJobSuccess')
    const losers = outcomes.filter(({ actualVersion }) => actualVersion === 2)
    expect([winners.length, losers.length]).toEqual([1, 99])
    const history = await server.ledger.prisma.jobStateRecord.findMany({
      where: { jobId: id },
      orderBy: { sequence: 'asc' },
    })
    expect(history.map(({ sequence, actor }) => [sequence, actor])).toEqual([
      [1, 'tester'],
      [2, winners[0].record.actor],
    ])
  })
})

describe('transitionJobs', () => {
  it('returns a result for each transition in order, even with several for one job', async () => {
    const { id } = await newJob(server.ledger)
    const inputs = [
      { jobId: id, to: 'PROCESSING' },
      { jobId: MISSING_ID, to: 'PROCESSING' },
      { jobId: id, to: 'PROCESSING' },
      { jobId: id, to: 'FAILED', expectedVersion: 9 },
      { jobId: id, to: 'FAILED', reason: '\0' },
      { jobId: id, to: 'FAILED' },
    ]
    const answer = await server.request(
      `mutation ($inputs: [TransitionJobInput!]!) { transitionJobs(inputs: $inputs) { ...Outcome } } ${OUTCOME}`,
      { inputs },
    )
    const kinds = answer.data.transitionJobs.map((one: { __typename: string }) => one.__typename)
    expect(kinds).toEqual([
      'TransitionJobSuccess',
      'JobNotFound',
      'IllegalTransition',
      'VersionConflict',
      'InvalidInput',
      'TransitionJobSuccess',
    ])
    const [first, , , , , last] = answer.data.transitionJobs
    expect([first.job.state, first.record.sequence, last.job.state, last.record.sequence]).toEqual([
      'PROCESSING',
      2,
      'FAILED',
      3,
    ])
  })
})

describe('completeJob', () => {
  it('completes a processing job and sets its result', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    const { job } = await run('completeJob', {
      jobId: id,
      output: { pages: [1, null] },
      processingTimeMs: 12,
      reason: 'done',
    })
    expect(job).toMatchObject({
      state: 'COMPLETED',
      isTerminal: true,
      allowedTransitions: [],
      stateReason: 'done',
      result: { status: 'SUCCESS', output: { pages: [1, null] }, errorMessage: null, processingTimeMs: 12 },
    })
    expect(job.completedAt).not.toBeNull()
  })

  it('stores no result when it is refused', async () => {
    const { id } = await newJob(server.ledger)
    expect(await run('completeJob', { jobId: id, output: 1 })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'PENDING',
    })
    expect(await run('completeJob', { jobId: id, expectedVersion: 7 })).toMatchObject({
      __typename: 'VersionConflict',
      actualVersion: 1,
    })
    expect(await run('completeJob', { jobId: MISSING_ID })).toMatchObject({ __typename: 'JobNotFound' })
    const refused = await run('completeJob', { jobId: id, processingTimeMs: -1, output: 'x'.repeat(1024 * 1024) })
    expect(refused.issues).toEqual([
      { path: ['output'], message: 'must have at most 1048576 bytes of JSON (got 1048578).' },
      { path: ['processingTimeMs'], message: 'must be an integer from 0 to 2147483647 (got -1).' },
    ])
    expect(await server.ledger.prisma.jobResult.count({ where: { jobId: id } })).toBe(0)
  })
})

describe('failJob', () => {
  it.each([
    [{}, 'ERROR'],
    [{ timedOut: true }, 'TIMEOUT'],
  ])('fails a processing job (%o) with the result %s', async (how, status) => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    const { job } = await run('failJob', { jobId: id, errorMessage: 'no paper', ...how })
    expect(job).toMatchObject({ state: 'FAILED', isTerminal: false, allowedTransitions: ['PENDING'] })
    expect(job.result).toMatchObject({ status, errorMessage: 'no paper', output: null })
  })

  it('refuses a completed job', async () => {
    const { id } = await jobIn(server.ledger, 'COMPLETED')
    expect(await run('failJob', { jobId: id, errorMessage: 'late' })).toMatchObject({
      __typename: 'IllegalTransition',
      from: 'COMPLETED',
    })
  })
})
