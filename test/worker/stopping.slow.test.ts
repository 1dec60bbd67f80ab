// How a worker stops: it starts nothing new, lets running jobs finish and releases those that do
// not finish in time.
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { WorkerStoppedError } from '../../src/worker/runWorker.ts'
import { eventually } from '../support/eventually.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { endpointOf, newGate, newJobs, startWorker, stopWorkers, stored } from './startWorker.ts'
import { startProxy, type UnreliableProxy } from './unreliableProxy.ts'

let server: TestServer
let proxy: UnreliableProxy
let session: pg.Client

beforeAll(async () => {
  server = await startTestServer({ environment: { MAINTENANCE_INTERVAL_SECONDS: '0' } })
  proxy = await startProxy(server.url)
  session = new pg.Client({ connectionString: server.databaseUrl })
  await session.connect()
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

const GIVEN_BACK = ['PENDING', 'PROCESSING', 'PENDING']

it('lets a running job finish and starts no other', async () => {
  const running = await newJobOf('drain')
  const waiting = await newJobOf('drain')
  const gate = newGate()
  const worker = startWorker({
    url: endpointOf(server),
    presets: ['drain'],
    drainMs: 30_000,
    handle: () => gate.passed,
  })
  await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
  const ended = worker.stop()
  expect(worker.of('stopping')).toEqual([{ type: 'stopping', reason: 'its signal was aborted', runningJobs: 1 }])
  gate.open()
  await ended
  expect(await statesOf(running)).toEqual(['PENDING', 'PROCESSING', 'COMPLETED'])
  expect(await statesOf(waiting)).toEqual(['PENDING'])
})

it('aborts and releases jobs that do not finish in time, without using up an attempt', async () => {
  const job = await newJobOf('abort')
  const reasons: unknown[] = []
  const worker = startWorker({
    url: endpointOf(server),
    presets: ['abort'],
    workerId: 'w-1',
    drainMs: 100,
    async handle(_, { signal }) {
      await once(signal, 'abort')
      reasons.push(signal.reason)
      throw new Error('stopped half-way')
    },
  })
  await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
  await worker.stop()
  expect(reasons).toEqual([expect.any(WorkerStoppedError)])
  expect(worker.of('released')).toHaveLength(1)
  expect(worker.of('failed')).toEqual([])
  expect(await stored(server, job)).toMatchObject({ state: 'PENDING', attempt: 1, releases: 1 })
  expect((await historyOf(session, job.id)).at(-1)?.reason).toBe('released by w-1, which is stopping')
})

it('abandons a handler that does not stop and releases its job', async () => {
  const job = await newJobOf('deaf')
  const gate = newGate()
  const worker = startWorker({ url: endpointOf(server), presets: ['deaf'], drainMs: 0, handle: () => gate.passed })
  await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
  await worker.stop()
  expect(await statesOf(job)).toEqual(GIVEN_BACK)
  gate.open()
})

it('releases jobs that were claimed during the stop request without starting them', async () => {
  const job = await newJobOf('crossing')
  const gate = newGate()
  proxy.decide((operation) => (operation === 'ClaimJobs' ? { passAfter: gate.passed } : 'pass'))
  let begun = 0
  const worker = startWorker({
    url: proxy.url,
    presets: ['crossing'],
    async handle() {
      begun += 1
    },
  })
  await eventually(() => expect(proxy.seen).toHaveLength(1))
  const ended = worker.stop()
  gate.open()
  await ended
  expect(begun).toBe(0)
  expect(await statesOf(job)).toEqual(GIVEN_BACK)
})

it('drains on the first signal, aborts on the second, and then stops listening', async () => {
  const job = await newJobOf('signals')
  const listeners = process.listenerCount('SIGUSR2')
  const worker = startWorker({
    url: endpointOf(server),
    presets: ['signals'],
    drainMs: 60_000,
    onSignals: ['SIGUSR2'],
    handle: (_, { signal }) => once(signal, 'abort').then(() => signal.throwIfAborted()),
  })
  await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
  process.kill(process.pid, 'SIGUSR2')
  await eventually(() => expect(worker.of('stopping')).toMatchObject([{ reason: 'SIGUSR2' }]))
  // An immediate signal counts as an echo of the first, so repeat it until it has an effect.
  await eventually(() => {
    if (process.listenerCount('SIGUSR2') > listeners) process.kill(process.pid, 'SIGUSR2')
    expect(worker.of('released')).toHaveLength(1)
  })
  await worker.done
  expect(process.listenerCount('SIGUSR2')).toBe(listeners)
  expect(await statesOf(job)).toEqual(GIVEN_BACK)
})

it('stops while the server is unavailable, and reports the job whose outcome it could not record', async () => {
  const job = await newJobOf('away')
  const gate = newGate()
  const worker = startWorker({ url: proxy.url, presets: ['away'], drainMs: 100, handle: () => gate.passed })
  await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
  proxy.decide(() => 'lost')
  gate.open()
  await eventually(() => expect(worker.of('serverUnavailable')).toHaveLength(1))
  await worker.stop()
  expect(worker.of('lost')).toMatchObject([{ reason: 'the worker did not stop in time' }])
  expect(await statesOf(job)).toEqual(['PENDING', 'PROCESSING'])
})
