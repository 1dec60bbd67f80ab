// The error of each attempt in the history, however the attempt ended.
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findHistoryFaults } from '../../src/database/historyFaults.ts'
import { claimJobs } from '../../src/ledger/claimJobs.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { completeJob, failJob } from '../../src/ledger/finishJob.ts'
import { rescueStuckJobs } from '../../src/ledger/rescueStuckJobs.ts'
import { retryJob } from '../../src/ledger/retryJob.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { ACTOR, jobIn, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
let pool: pg.Pool
beforeAll(async () => {
  server = await startTestServer({ environment: { JOB_RETRY_BASE_MS: '0' } })
  pool = server.database.pool
})
afterEach(async () => expect(await findHistoryFaults(pool)).toEqual([]))
afterAll(() => server.close())

async function errorsOf(id: string): Promise<(string | null)[]> {
  const query = 'query ($id: ID!) { job(id: $id) { stateHistory(first: 100) { nodes { newState error } } } }'
  const { nodes } = (await server.request(query, { id })).data.job.stateHistory
  const failed = nodes.filter((record: { newState: string }) => record.newState === 'FAILED')
  expect(nodes.filter((record: { newState: string }) => record.newState !== 'FAILED').every(isWithoutError)).toBe(true)
  return failed.map((record: { error: string | null }) => record.error)
}

const isWithoutError = ({ error }: { error: string | null }): boolean => error === null

const stored = async (id: string) =>
  (await pool.query('SELECT state, state_error FROM jobs WHERE id = $1', [id])).rows[0]

describe('the error of an attempt', () => {
  it('stays available when a later attempt fails with a different error', async () => {
    const { ledger } = server
    const { id } = await newJob(ledger, { maxAttempts: 2 })
    for (const errorMessage of ['no paper', 'no ink']) {
      await transitionJob(ledger, { jobId: id, to: 'PROCESSING', actor: ACTOR })
      await failJob(ledger, { jobId: id, actor: ACTOR, errorMessage, reason: null })
    }
    expect(await errorsOf(id)).toEqual(['no paper', 'no ink'])
    expect(await stored(id)).toEqual({ state: 'FAILED', state_error: 'no ink' })
    await retryJob(ledger, { jobId: id, actor: ACTOR })
    expect(await stored(id)).toEqual({ state: 'PENDING', state_error: null })
    await transitionJob(ledger, { jobId: id, to: 'PROCESSING', actor: ACTOR })
    await completeJob(ledger, { jobId: id, actor: ACTOR })
    expect(await errorsOf(id)).toEqual(['no paper', 'no ink'])
  })

  it('is the reason of a transition to FAILED without an error', async () => {
    const { ledger } = server
    const [one, two] = [await jobIn(ledger, 'PROCESSING'), await jobIn(ledger, 'PROCESSING')]
    await transitionJob(ledger, { jobId: one.id, to: 'FAILED', actor: ACTOR, reason: 'by hand' })
    await transitionJobs(ledger, [{ jobId: two.id, to: 'FAILED', reason: 'in a batch' }], ACTOR)
    expect([await errorsOf(one.id), await errorsOf(two.id)]).toEqual([['by hand'], ['in a batch']])
  })

  it('equals the error of the result after the worker was lost', async () => {
    const { id } = await newJob(server.ledger)
    await claimJobs(server.ledger, { workerId: 'w', actor: 'key:w', jobIds: [id] })
    await pool.query("UPDATE jobs SET lease_expires_at = now() - interval '1 second' WHERE id = $1", [id])
    expect(await rescueStuckJobs(server.ledger, { actor: 'system:rescue' })).toMatchObject({ failed: 1 })
    const result = await server.ledger.prisma.jobResult.findUnique({ where: { jobId: id } })
    expect(result?.errorMessage).toMatch(/^The worker is gone/)
    expect(await errorsOf(id)).toEqual([result?.errorMessage])
  })

  it('remains after the deletion of the job', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    await failJob(server.ledger, { jobId: id, actor: ACTOR, errorMessage: 'kept' })
    await deleteJob(server.ledger, { jobId: id, actor: ACTOR })
    expect(await errorsOf(id)).toEqual(['kept'])
    expect(await stored(id)).toEqual({ state: 'CANCELLED', state_error: null })
  })

  it('is part of the events of the ledger', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    await failJob(server.ledger, { jobId: id, actor: ACTOR, errorMessage: 'failed' })
    const query = 'query ($id: ID!) { jobStateRecords(filter: { jobId: $id }, first: 1) { nodes { error } } }'
    expect((await server.request(query, { id })).data.jobStateRecords.nodes).toEqual([{ error: 'failed' }])
  })
})

describe('plain SQL', () => {
  const transition = (state: string, error: string | null) => [
    `UPDATE jobs SET state = '${state}', version = version + 1, state_actor = 'program', state_error = $2 WHERE id = $1`,
    error,
  ]

  async function run(id: string, [statement, error]: (string | null)[]): Promise<void> {
    await pool.query(statement ?? '', [id, error])
  }

  it('stores the error with a transition that follows the protocol', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    await run(id, transition('FAILED', 'by SQL'))
    expect(await errorsOf(id)).toEqual(['by SQL'])
  })

  it('fails a job without an error, as an older server does', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    await pool.query("UPDATE jobs SET state = 'FAILED', version = version + 1, state_actor = 'old' WHERE id = $1", [id])
    expect(await errorsOf(id)).toEqual([null])
  })

  it('stores no error when it edits the state directly', async () => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    await pool.query("UPDATE jobs SET state = 'FAILED', state_error = 'forged' WHERE id = $1", [id])
    expect(await errorsOf(id)).toEqual([null])
  })

  it.each(['COMPLETED', 'CANCELLED', 'PENDING'])('stores no error with a transition to %s', async (state) => {
    const { id } = await jobIn(server.ledger, 'PROCESSING')
    await run(id, transition(state, 'forged'))
    expect(await stored(id)).toEqual({ state, state_error: null })
  })

  it.each(['PROCESSING', 'FAILED'] as const)(
    'cannot change the error of a %s job without a transition',
    async (state) => {
      const { id } = await jobIn(server.ledger, state)
      const change = pool.query("UPDATE jobs SET state_error = 'forged' WHERE id = $1", [id])
      await expect(change).rejects.toMatchObject({ code: 'JL004', column: 'state_error' })
    },
  )

  it('cannot create a job with an error', async () => {
    const insert = pool.query("INSERT INTO jobs (user_id, content, state_error) VALUES ('u', 'c', 'forged')")
    await expect(insert).rejects.toMatchObject({ code: '23514', constraint: 'ck_jobs_state_error_is_of_failure' })
  })

  it('cannot change the error of a record', async () => {
    const { id } = await jobIn(server.ledger, 'FAILED')
    const change = pool.query("UPDATE job_states SET error = 'forged' WHERE job_id = $1", [id])
    await expect(change).rejects.toMatchObject({ code: 'JL003' })
  })
})
