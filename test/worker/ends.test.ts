// How a job ends, and what is recorded.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ClaimedJob } from '../../src/worker/runWorker.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { fixedPort } from '../support/fixedPort.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'
import { endpointOf, startWorker, stopWorkers, stored } from './startWorker.ts'

let database: TestDatabase
let server: TestServer
let session: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  await onServer(database.url, (client) =>
    client.query(`ALTER DATABASE ${database.name} SET jobledger.retry_base_ms = '10'`),
  )
  server = await startTestServer({ databaseUrl: database.url })
  session = new pg.Client({ connectionString: database.url })
  await session.connect()
})

afterEach(stopWorkers)

afterAll(async () => {
  await expectSoundHistories(session)
  await session.end()
  await server.close()
  await database.drop()
})

/** Runs one job with this handler until it is COMPLETED, or FAILED without attempts left. */
async function workOff(handle: () => unknown, input: { maxAttempts?: number } = {}) {
  const { id } = await newJob(server.ledger, input)
  const worker = startWorker({ url: endpointOf(server), workerId: 'w-1', handle: async () => handle() })
  const job = await eventually(async () => {
    const now = await stored(server, { id })
    expect(['COMPLETED', 'FAILED']).toContain(now.state)
    return now
  })
  await worker.stop()
  return { job, worker }
}

function circular(): Error {
  const error = new Error('round')
  error.cause = new Error('and back', { cause: error })
  return error
}

function endless(): Error {
  let error = new Error('999')
  for (let number = 998; number >= 0; number -= 1) error = new Error(String(number), { cause: error })
  return error
}

function throwing(): never {
  throw new Error('not to be read')
}

function unreadable(): Error {
  return Object.defineProperty(new Error('x'), 'message', { get: throwing })
}

/** Rejects on abort, as fetch does. */
async function abortion(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort')
  throw signal.reason
}

describe('a handler that returns', () => {
  it('completes its job with the output, the processing time and the worker id', async () => {
    const seen: ClaimedJob[] = []
    const created = await newJob(server.ledger, { content: 'count', preset: 'p', metadata: { a: 1 }, priority: 7 })
    const worker = startWorker({
      url: endpointOf(server),
      workerId: 'w-1',
      async handle(job) {
        seen.push(job)
        return { words: 3 }
      },
    })
    await eventually(() => expect(worker.of('completed')).toHaveLength(1))
    expect(seen).toEqual([
      {
        id: Buffer.from(`Job:${created.id}`).toString('base64'),
        jobId: created.id,
        content: 'count',
        preset: 'p',
        metadata: { a: 1 },
        userId: 'user',
        attempt: 1,
        maxAttempts: 1,
        version: 2,
        priority: 7,
        createdAt: created.createdAt.toISOString(),
      },
    ])
    const { state, stateActor, result } = await stored(server, created)
    expect({ state, stateActor }).toEqual({ state: 'COMPLETED', stateActor: 'user:dev' })
    expect(result).toMatchObject({ status: 'SUCCESS', output: { words: 3 } })
    expect(result?.processingTimeMs).toBeLessThan(10_000)
    expect((await historyOf(session, created.id)).map((record) => [record.new_state, record.state_metadata])).toEqual([
      ['PENDING', {}],
      ['PROCESSING', { workerId: 'w-1' }],
      ['COMPLETED', { workerId: 'w-1', outcomeId: expect.any(String) }],
    ])
  })

  it('completes its job without an output when it returns nothing', async () => {
    const { job } = await workOff(() => undefined)
    expect(job).toMatchObject({ state: 'COMPLETED', result: { status: 'SUCCESS', output: null } })
  })

  it.each([
    [
      'contains what the database cannot store',
      () => ({ text: 'a\0b' }),
      /^The server does not accept the output: .*NUL/,
    ],
    [
      'exceeds the limit of an output',
      () => 'x'.repeat(2 * 2 ** 20),
      /^The server does not accept the output: output: must have at most 1048576 bytes/,
    ],
    [
      'exceeds the limit of a request',
      () => 'x'.repeat(20 * 2 ** 20),
      /^The server does not accept the output: The request body must be at most 4194304 bytes/,
    ],
    [
      'is nested deeper than a request may be',
      () => JSON.parse('['.repeat(500) + ']'.repeat(500)),
      /does not accept the output/,
    ],
    ['is not JSON', () => ({ size: 10n }), /^The output is not JSON: .*BigInt/],
    ['is of a type that JSON lacks', () => Symbol('s'), /^The output is a symbol, which JSON cannot represent/],
  ])('fails its job when the output %s', async (_, handle, message) => {
    const { job, worker } = await workOff(handle)
    expect(job).toMatchObject({ state: 'FAILED', result: { status: 'ERROR', output: null } })
    expect(job.result?.errorMessage).toMatch(message)
    expect(worker.of('failed')).toHaveLength(1)
  })
})

describe('a handler that throws', () => {
  it.each([
    ['an error', () => new RangeError('no such page'), 'no such page'],
    ['an error without a message', () => Object.assign(new RangeError('none'), { message: '' }), 'RangeError'],
    [
      'an error with causes',
      () => new Error('outer', { cause: new Error('middle', { cause: new RangeError('root') }) }),
      'outer: middle: root',
    ],
    [
      'an error whose cause is what its message repeats',
      () => new Error('cannot read: no file', { cause: new Error('no file') }),
      'cannot read: no file',
    ],
    [
      'an error that stands for several',
      () => new AggregateError([new Error('a'), new Error('b', { cause: 'c' })], 'both failed'),
      'both failed: a; b: c',
    ],
    ['an error that is its own cause', circular, 'round: and back'],
    ['an error with an endless chain of causes', endless, Array.from({ length: 20 }, (_, n) => n).join(': ')],
    [
      'something that holds an error',
      () => ({ error: new Error('held') }),
      expect.stringMatching(/^\{\s+error: Error: held\s+\}$/),
    ],
    ['something that is not an error', () => ({ why: 'x' }), "{ why: 'x' }"],
    ['what the database cannot store', () => new Error('a\0b\ud800c'), 'a\ufffdb\ufffdc'],
    ['an error that throws when it is inspected', unreadable, 'failed; what was thrown cannot be read'],
    [
      'an error whose name throws as well',
      () => Object.defineProperty(unreadable(), 'name', { get: throwing }),
      'failed; what was thrown cannot be read',
    ],
    ['an error without a name', () => Object.assign(new Error('x'), { message: '', name: 7 }), '7'],
    ['more than the limit of a message', () => new Error('\u{1f4a3}'.repeat(5000)), `${'\u{1f4a3}'.repeat(1023)} ...`],
  ])('fails its job with the message of %s', async (_, thrown, message) => {
    const { job } = await workOff(() => {
      throw thrown()
    })
    expect(job).toMatchObject({ state: 'FAILED', result: { status: 'ERROR', output: null, errorMessage: message } })
  })

  it.each([
    ['its signal', () => abortion(AbortSignal.timeout(5))],
    ['a timer', () => delay(60_000, undefined, { signal: AbortSignal.timeout(5) })],
  ])('fails its job as timed out when a time limit of its own has struck, thrown by %s', async (_, wait) => {
    const { job } = await workOff(wait)
    expect(job).toMatchObject({ state: 'FAILED', result: { status: 'TIMEOUT' } })
    expect(job.result?.errorMessage).toMatch(/aborted/)
  })

  it('fails its job with the address that refused the connection', async () => {
    const { job } = await workOff(() => fetch('http://127.0.0.1:1/'))
    // The Fetch standard blocks port 1, so use another one without a listener.
    expect(job.result?.errorMessage).toBe('fetch failed: bad port')
    const free = await fixedPort()
    const refused = await workOff(() => fetch(`http://127.0.0.1:${free}/`))
    expect(refused.job.result?.errorMessage).toBe(`fetch failed: connect ECONNREFUSED 127.0.0.1:${free}`)
  })

  it('gets its job again until the attempts are used up', async () => {
    const attempts: number[] = []
    const { id } = await newJob(server.ledger, { maxAttempts: 3 })
    const worker = startWorker({
      url: endpointOf(server),
      async handle({ attempt }) {
        attempts.push(attempt)
        throw new Error(`attempt ${attempt}`)
      },
    })
    await eventually(async () => expect((await stored(server, { id })).state).toBe('FAILED'))
    await worker.stop()
    expect(attempts).toEqual([1, 2, 3])
    expect(worker.of('failed')).toHaveLength(3)
    expect((await stored(server, { id })).result).toMatchObject({ status: 'ERROR', errorMessage: 'attempt 3' })
  })
})
