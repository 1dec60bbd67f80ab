// Which jobs a worker claims, how many at once, and when it stops for good.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RequestRefusedError, runWorker, type WorkerOptions, WorkerOptionsError } from '../../src/worker/runWorker.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { endpointOf, newGate, newJobs, startWorker, stopWorkers, stored } from './startWorker.ts'
import { startProxy, type UnreliableProxy } from './unreliableProxy.ts'

let server: TestServer
let proxy: UnreliableProxy

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  proxy = await startProxy(server.url)
})

afterEach(async () => {
  await stopWorkers()
  proxy.decide(() => 'pass')
})

afterAll(async () => {
  await proxy.close()
  await server.close()
})

const workerToken = (): Promise<string> => tokenOf('w', { roles: ['WORKER'] })

describe('a worker', () => {
  it('runs as many jobs at once as its concurrency, and no more', async () => {
    const jobs = await newJobs(server, 7)
    const running = { now: 0, most: 0 }
    const gate = newGate()
    const worker = startWorker({
      url: endpointOf(server),
      token: await workerToken(),
      concurrency: 3,
      async handle() {
        running.now += 1
        running.most = Math.max(running.most, running.now)
        await gate.passed
        running.now -= 1
      },
    })
    await eventually(() => expect(running.now).toBe(3))
    expect(await server.ledger.prisma.job.count({ where: { state: 'PROCESSING' } })).toBe(3)
    gate.open()
    await eventually(() => expect(worker.of('completed')).toHaveLength(7))
    expect(running.most).toBe(3)
    expect(worker.of('claimed').map(({ job }) => job.jobId)).toEqual(jobs.map(({ id }) => id))
  })

  it('claims only jobs with its presets', async () => {
    const [small] = await newJobs(server, 1, { preset: 'small' })
    const [large] = await newJobs(server, 1, { preset: 'large' })
    const [other] = await newJobs(server, 1)
    const worker = startWorker({
      url: endpointOf(server),
      token: await workerToken(),
      presets: ['large', 'huge'],
      handle: async () => undefined,
    })
    await eventually(() => expect(worker.of('completed').map(({ job }) => job.jobId)).toEqual([large?.id]))
    await worker.stop()
    for (const job of [small, other]) expect((await stored(server, job as { id: string })).state).toBe('PENDING')
  })

  it('finds a job that is added to an empty queue', async () => {
    const worker = startWorker({
      url: proxy.url,
      token: await workerToken(),
      presets: ['late'],
      handle: async () => undefined,
    })
    await eventually(() => expect(proxy.seen.length).toBeGreaterThan(2))
    await newJobs(server, 1, { preset: 'late' })
    await eventually(() => expect(worker.of('completed')).toHaveLength(1))
  })
})

describe('a worker that can never work', () => {
  it.each([
    [
      'without a credential',
      async () => undefined,
      /refuses the worker \(UNAUTHENTICATED\): .* Give the worker a token/,
    ],
    [
      'with a forged credential',
      () => tokenOf('w', { roles: ['WORKER'], secret: 'x'.repeat(40) }),
      /\(UNAUTHENTICATED\)/,
    ],
    ['with another role', () => tokenOf('u', { roles: ['USER'] }), /\(FORBIDDEN\): .* with the role WORKER\.$/],
  ])('stops at once with a refusal, %s', async (_, token, message) => {
    const worker = startWorker({ url: endpointOf(server), token: await token(), handle: async () => undefined })
    await expect(worker.done).rejects.toThrow(RequestRefusedError)
    await expect(worker.done).rejects.toThrow(message)
    expect(worker.of('serverUnavailable')).toEqual([])
  })

  it('stops at once if the URL is not that of the API', async () => {
    const worker = startWorker({ url: `${server.url}/nothing`, handle: async () => undefined })
    await expect(worker.done).rejects.toThrow(/\(HTTP_404\): .*Is this the endpoint of a Jobledger server\?/)
  })

  it.each([
    ['the URL', { url: 'localhost:4000' }, /^`url` must be .*\(got "localhost:4000"\)/],
    ['a URL with a credential', { url: 'http://me:secret@localhost/graphql' }, /^`url` must not contain/],
    ['a token of two words', { token: 'Bearer s3cr3t' }, /^`token` must be one word/],
    ['the presets', { presets: [] }, /^`presets` must contain 1 to 100 names/],
    ['the concurrency', { concurrency: 0 }, /^`concurrency` must be an integer from 1 to 1000 \(got 0\)/],
    ['the lease', { leaseSeconds: 0.5 }, /^`leaseSeconds` must be/],
    ['the worker id', { workerId: '' }, /^`workerId` must have/],
    ['the poll interval', { pollMs: Number.NaN }, /^`pollMs` must be/],
    ['the drain timeout', { drainMs: -1 }, /^`drainMs` must be/],
    ['the handler', { handle: undefined }, /^`handle` must be a function/],
  ])('stops at once when %s is invalid, without repeating a secret', async (_, wrong, message) => {
    const options = { url: endpointOf(server), handle: async () => undefined, ...wrong } as WorkerOptions
    const failure = await runWorker(options).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(WorkerOptionsError)
    expect(failure).toMatchObject({ message: expect.stringMatching(message) })
    expect(String(failure)).not.toMatch(/s3cr3t|me:secret/)
  })

  it('finishes the running job when its credential is revoked, and reports the reason', async () => {
    const [first, second] = await newJobs(server, 2, { preset: 'revoked' })
    const gate = newGate()
    const worker = startWorker({
      url: proxy.url,
      token: await workerToken(),
      presets: ['revoked'],
      handle: () => gate.passed,
    })
    await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
    proxy.headers.authorization = 'Bearer revoked'
    gate.open()
    await expect(worker.done).rejects.toThrow(/\(UNAUTHENTICATED\)/)
    expect(worker.of('lost')).toEqual([expect.objectContaining({ reason: expect.stringMatching(/UNAUTHENTICATED/) })])
    expect(worker.events.at(-1)?.type).toBe('lost')
    expect((await stored(server, first as { id: string })).state).toBe('PROCESSING')
    expect((await stored(server, second as { id: string })).state).toBe('PENDING')
  })
})
