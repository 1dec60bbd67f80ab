// How a worker keeps its jobs, and what it does when one is cancelled or lost.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { requestJobCancellation } from '../../src/ledger/requestJobCancellation.ts'
import { rescueStuckJobs } from '../../src/ledger/rescueStuckJobs.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { JobCancelledError, type JobContext, LeaseLostError } from '../../src/worker/runWorker.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR } from '../support/factories.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { endpointOf, newGate, newJobs, startWorker, stopWorkers, stored } from './startWorker.ts'
import { startProxy, type UnreliableProxy } from './unreliableProxy.ts'

let server: TestServer
let proxy: UnreliableProxy
let session: pg.Client

beforeAll(async () => {
  // The tests themselves rescue jobs from workers.
  server = await startTestServer({ environment: { MAINTENANCE_INTERVAL_SECONDS: '0' } })
  proxy = await startProxy(server.url)
  session = new pg.Client({ connectionString: server.databaseUrl })
  await session.connect()
  // The first requests are slow enough for a short lease to expire.
  await newJobs(server, 1, { preset: 'first' })
  const worker = startWorker({
    url: proxy.url,
    presets: ['first'],
    handle: (_, { extend }) => extend(),
  })
  await eventually(() => expect(worker.of('completed')).toHaveLength(1))
  await worker.stop()
})

afterEach(async () => {
  await stopWorkers()
  proxy.decide(() => 'pass')
})

afterAll(async () => {
  await expectSoundHistories(session)
  await session.end()
  await proxy.close()
  await server.close()
})

async function newJobOf(preset: string): Promise<Job> {
  const [job] = await newJobs(server, 1, { preset })
  return job as Job
}

async function statesOf(job: Job): Promise<string[]> {
  return (await historyOf(session, job.id)).map((record) => record.new_state)
}

/** Resolves with the reason of the handler's signal. */
async function stopped({ signal }: JobContext): Promise<unknown> {
  if (!signal.aborted) await once(signal, 'abort')
  return signal.reason
}

describe('a worker with leases', () => {
  it('extends them all together while jobs run, so that long jobs are not rescued', async () => {
    await newJobs(server, 3, { preset: 'long' })
    const gate = newGate()
    const worker = startWorker({
      url: proxy.url,
      presets: ['long'],
      concurrency: 3,
      leaseSeconds: 3,
      handle: () => gate.passed,
    })
    await eventually(() => expect(worker.of('claimed')).toHaveLength(3))
    const startedAt = performance.now()
    const rescued: object[] = []
    await eventually(async () => {
      rescued.push(await rescueStuckJobs(server.ledger, { actor: ACTOR }))
      expect(performance.now() - startedAt).toBeGreaterThan(5000)
    })
    expect(new Set(rescued.map((jobs) => JSON.stringify(jobs)))).toEqual(
      new Set(['{"released":0,"failed":0,"cancelled":0}']),
    )
    const extensions = proxy.seen.filter(({ operation }) => operation === 'ExtendLeases').length
    expect(extensions).toBeGreaterThanOrEqual(3)
    expect(extensions).toBeLessThanOrEqual(8)
    gate.open()
    await eventually(() => expect(worker.of('completed')).toHaveLength(3))
  })

  it('aborts the handler of a job that was taken over, and reports nothing more about it', async () => {
    const job = await newJobOf('taken')
    const reasons: unknown[] = []
    const worker = startWorker({
      url: endpointOf(server),
      presets: ['taken'],
      leaseSeconds: 1,
      async handle(_, context) {
        reasons.push(await stopped(context))
        return 'too late'
      },
    })
    await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
    await transitionJob(server.ledger, { jobId: job.id, to: 'CANCELLED', actor: ACTOR })
    await eventually(() => expect(worker.of('lost')).toHaveLength(1))
    await worker.stop()
    expect(reasons).toEqual([expect.any(LeaseLostError)])
    expect(await statesOf(job)).toEqual(['PENDING', 'PROCESSING', 'CANCELLED'])
    expect(await stored(server, job)).toMatchObject({ result: null })
  })

  it('aborts the handler by its own clock when a lease cannot be extended in time', async () => {
    const job = await newJobOf('cut off')
    proxy.decide((operation) => (operation === 'ExtendLeases' ? 'lost' : 'pass'))
    const worker = startWorker({
      url: proxy.url,
      presets: ['cut off'],
      leaseSeconds: 1,
      handle: (_, context) => stopped(context),
    })
    await eventually(() => expect(worker.of('lost')).toHaveLength(1))
    expect(worker.of('lost')[0]?.reason).toMatch(/could not be extended in time/)
    expect(proxy.seen.filter(({ operation }) => operation === 'ExtendLeases').length).toBeGreaterThan(1)
    await worker.stop()
    expect(await statesOf(job)).toEqual(['PENDING', 'PROCESSING'])
  })

  it('keeps its leases when every response is slow, without waiting for the previous one', async () => {
    await newJobOf('slow')
    const gate = newGate()
    proxy.decide((operation) => (operation === 'ExtendLeases' ? { passAfter: delay(1500) } : 'pass'))
    const worker = startWorker({ url: proxy.url, presets: ['slow'], leaseSeconds: 3, handle: () => gate.passed })
    await eventually(() => expect(proxy.seen.filter(({ operation }) => operation === 'ExtendLeases')).toHaveLength(5))
    gate.open()
    await eventually(() => expect(worker.of('completed')).toHaveLength(1))
    expect(worker.of('serverUnavailable')).toEqual([])
  })

  it('cannot end the attempt of another worker with a late handler', async () => {
    const job = await newJobOf('fenced')
    const gates = [newGate(), newGate()] as const
    const worker = startWorker({
      url: endpointOf(server),
      presets: ['fenced'],
      concurrency: 2,
      async handle({ attempt }) {
        await gates[attempt === 1 ? 0 : 1].passed
        return attempt
      },
    })
    await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
    await transitionJob(server.ledger, { jobId: job.id, to: 'PENDING', actor: ACTOR })
    await eventually(() => expect(worker.of('claimed')).toHaveLength(2))
    gates[0].open()
    await eventually(() => expect(worker.of('lost')).toHaveLength(1))
    expect((await stored(server, job)).state).toBe('PROCESSING')
    gates[1].open()
    await eventually(() => expect(worker.of('completed')).toHaveLength(1))
    expect(await statesOf(job)).toEqual(['PENDING', 'PROCESSING', 'PENDING', 'PROCESSING', 'COMPLETED'])
    expect((await stored(server, job)).result?.output).toBe(2)
  })

  it('loses an earlier attempt although it holds a later one of the same job', async () => {
    const job = await newJobOf('twice')
    const earlierStopped = newGate()
    const worker = startWorker({
      url: endpointOf(server),
      presets: ['twice'],
      concurrency: 2,
      leaseSeconds: 2,
      async handle({ attempt }, context) {
        if (attempt > 1) return earlierStopped.passed
        await stopped(context)
        earlierStopped.open()
      },
    })
    await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
    await transitionJob(server.ledger, { jobId: job.id, to: 'PENDING', actor: ACTOR })
    await eventually(() => expect(worker.of('completed')).toHaveLength(1))
    expect(worker.of('lost').map((event) => event.job.attempt)).toEqual([1])
    expect(worker.of('completed').map((event) => event.job.attempt)).toEqual([2])
  })

  it('lets a handler extend its lease, and aborts it if the job is lost', async () => {
    const job = await newJobOf('asking')
    const gate = newGate()
    const seen: unknown[] = []
    const worker = startWorker({
      url: endpointOf(server),
      presets: ['asking'],
      leaseSeconds: 600,
      async handle(_, { extend }) {
        const { leaseExpiresAt: before } = await stored(server, job)
        await extend()
        const { leaseExpiresAt: after } = await stored(server, job)
        seen.push(Number(after) > Number(before))
        await gate.passed
        await extend().catch((error: unknown) => seen.push(error))
      },
    })
    await eventually(() => expect(seen).toEqual([true]))
    await transitionJob(server.ledger, { jobId: job.id, to: 'CANCELLED', actor: ACTOR })
    gate.open()
    await eventually(() => expect(worker.of('lost')).toHaveLength(1))
    expect(seen).toEqual([true, expect.any(LeaseLostError)])
  })
})

describe('a request to cancel', () => {
  it.each([
    ['cancels the job when the handler stops', 'throws', 'CANCELLED'],
    ['is too late when the handler returns anyway', 'returns', 'COMPLETED'],
  ])('%s', async (_, preset, state) => {
    const job = await newJobOf(preset)
    const reasons: unknown[] = []
    const worker = startWorker({
      url: endpointOf(server),
      presets: [preset],
      leaseSeconds: 1,
      async handle(_job, context) {
        reasons.push(await stopped(context))
        if (preset === 'throws') context.signal.throwIfAborted()
      },
    })
    await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
    await requestJobCancellation(server.ledger, { jobId: job.id, actor: ACTOR })
    await eventually(async () => expect(await statesOf(job)).toEqual(['PENDING', 'PROCESSING', state]))
    await worker.stop()
    expect(reasons).toEqual([expect.any(JobCancelledError)])
    expect(worker.of(state === 'CANCELLED' ? 'cancelled' : 'completed')).toHaveLength(1)
    expect(worker.of('failed')).toEqual([])
  })
})
