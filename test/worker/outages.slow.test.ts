// A worker during outages, lost responses and Retry-After: no job is lost, and none completes
// twice.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'
import { endpointOf, newGate, newJobs, startWorker, stopWorkers, stored } from './startWorker.ts'
import { type Fate, startProxy, type UnreliableProxy } from './unreliableProxy.ts'

vi.setConfig({ testTimeout: 120_000 })

let database: TestDatabase
let server: TestServer
let proxy: UnreliableProxy
let session: pg.Client

const environment = { MAINTENANCE_INTERVAL_SECONDS: '0' }

beforeAll(async () => {
  database = await createTestDatabase()
  const { name } = database
  await onServer(database.url, (client) =>
    client.query(
      `ALTER DATABASE ${name} SET jobledger.retry_base_ms = '10'; ALTER DATABASE ${name} SET jobledger.retry_max_ms = '20'`,
    ),
  )
  server = await startTestServer({ databaseUrl: database.url, environment })
  proxy = await startProxy(server.url)
  session = new pg.Client({ connectionString: database.url })
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
  await database.drop()
})

async function statesOf({ id }: { id: string }): Promise<string[]> {
  return (await historyOf(session, id)).map((record) => record.new_state)
}

/** Applies `fate` to the first request for `operation`. */
function onceFor(operation: string, fate: Fate): (name: string, before: number) => Fate {
  return (name, before) => (name === operation && before === 0 ? fate : 'pass')
}

/** A port on which nothing listens. */
async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return String(port)
}

describe('a worker during an outage', () => {
  it('keeps the outcome of a running job and resumes when the server recovers', async () => {
    const [running, waiting] = await newJobs(server, 2, { preset: 'away' })
    const settings = { databaseUrl: database.url, environment: { ...environment, PORT: await freePort() } }
    const first = await startTestServer(settings)
    const gate = newGate()
    const worker = startWorker({ url: endpointOf(first), presets: ['away'], handle: () => gate.passed })
    await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
    await first.close()
    gate.open()
    await eventually(() => expect(worker.of('serverUnavailable')).toHaveLength(1))
    expect(worker.of('completed')).toEqual([])
    const second = await startTestServer(settings)
    await eventually(() => expect(worker.of('completed')).toHaveLength(2), 20_000)
    await worker.stop()
    await second.close()
    expect(worker.of('serverRecovered')).toEqual([expect.objectContaining({ unavailableMs: expect.any(Number) })])
    for (const job of [running, waiting]) {
      expect(await statesOf(job as { id: string })).toEqual(['PENDING', 'PROCESSING', 'COMPLETED'])
    }
  })

  it('waits for a server that is unavailable at the start', async () => {
    const port = await freePort()
    const [job] = await newJobs(server, 1, { preset: 'early' })
    const worker = startWorker({
      url: `http://127.0.0.1:${port}/graphql`,
      presets: ['early'],
      handle: async () => undefined,
    })
    await eventually(() => expect(worker.of('serverUnavailable')).toHaveLength(1))
    const late = await startTestServer({ databaseUrl: database.url, environment: { ...environment, PORT: port } })
    await eventually(() => expect(worker.of('completed').map((event) => event.job.jobId)).toEqual([job?.id]), 20_000)
    await worker.stop()
    await late.close()
  })

  it.each([
    ['502 of a proxy', { status: 502 }, 0],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }, 1000],
  ])('in the form of a %s is asked again, not earlier than it says', async (_, fate, leastMs) => {
    await newJobs(server, 1, { preset: 'busy' })
    proxy.decide(onceFor('ClaimJobs', fate))
    const startedAt = performance.now()
    const worker = startWorker({ url: proxy.url, presets: ['busy'], handle: async () => undefined })
    await eventually(() => expect(worker.of('completed')).toHaveLength(1))
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(leastMs)
    expect(worker.of('serverRecovered')).toHaveLength(1)
  })
})

describe('a worker whose responses are lost', () => {
  it('completes a job once and recognizes its own completion', async () => {
    const [job] = await newJobs(server, 1, { preset: 'answer' })
    proxy.decide(onceFor('CompleteHeldJob', 'answerLost'))
    const worker = startWorker({ url: proxy.url, presets: ['answer'], handle: async () => 'done' })
    await eventually(() => expect(worker.of('completed')).toHaveLength(1))
    expect(proxy.seen.filter(({ operation }) => operation === 'CompleteHeldJob').map(({ fate }) => fate)).toEqual([
      'answerLost',
      'pass',
    ])
    expect(worker.of('lost')).toEqual([])
    expect(await statesOf(job as { id: string })).toEqual(['PENDING', 'PROCESSING', 'COMPLETED'])
  })

  it('recognizes its own failure although the job was retried and has many records since', async () => {
    const [job] = await newJobs(server, 1, { preset: 'retried', maxAttempts: 20 })
    const handle = async ({ attempt }: { attempt: number }): Promise<void> => {
      if (attempt < 20) throw new Error(`attempt ${attempt}`)
    }
    // After the first lost response the server is unavailable to this worker until another has used
    // up the attempts.
    let isUnavailable = false
    proxy.decide((operation) => {
      if (isUnavailable) return { status: 503 }
      isUnavailable = operation === 'FailHeldJob'
      return isUnavailable ? 'answerLost' : 'pass'
    })
    const first = startWorker({ url: proxy.url, presets: ['retried'], handle })
    await eventually(() => expect(first.of('serverUnavailable')).toHaveLength(1))
    const second = startWorker({ url: endpointOf(server), presets: ['retried'], handle })
    await eventually(() => expect(second.of('completed')).toHaveLength(1))
    proxy.decide(() => 'pass')
    await eventually(() => expect(first.of('failed')).toHaveLength(1), 20_000)
    expect(first.of('lost')).toEqual([])
    expect((await stored(server, job as { id: string })).version).toBe(60)
  })

  it('releases the jobs of a lost claim before their leases expire, without using up an attempt', async () => {
    const [job] = await newJobs(server, 1, { preset: 'claimed' })
    proxy.decide(onceFor('ClaimJobs', 'answerLost'))
    const worker = startWorker({ url: proxy.url, presets: ['claimed'], handle: async ({ attempt }) => attempt })
    await eventually(() => expect(worker.of('completed')).toHaveLength(1))
    expect(await statesOf(job as { id: string })).toEqual([
      'PENDING',
      'PROCESSING',
      'PENDING',
      'PROCESSING',
      'COMPLETED',
    ])
    expect(await stored(server, job as { id: string })).toMatchObject({ attempt: 2, releases: 1 })
  })

  it('fails the job instead of hanging when only the request for its outcome keeps failing', async () => {
    const [job] = await newJobs(server, 1, { preset: 'poison' })
    proxy.decide((operation) => (operation === 'CompleteHeldJob' ? 'lost' : 'pass'))
    const worker = startWorker({
      url: proxy.url,
      presets: ['poison'],
      concurrency: 2,
      handle: async () => 'what nobody can take',
    })
    await eventually(() => expect(worker.of('failed')).toHaveLength(1), 20_000)
    const { state, result } = await stored(server, job as { id: string })
    expect(state).toBe('FAILED')
    expect(result?.errorMessage).toMatch(
      /^The server does not accept the output: the server responds to other requests, but not to this/,
    )
  })
})

it('completes all jobs exactly once with one attempt each while a third of all requests and responses are lost', async () => {
  const jobs = await newJobs(server, 40, { preset: 'storm' })
  const fates: Fate[] = ['lost', 'answerLost', { status: 503 }, 'pass', 'pass', 'pass', 'pass', 'pass', 'pass']
  proxy.decide(() => fates[Math.floor(Math.random() * fates.length)] ?? 'pass')
  const workers = [1, 2].map(() =>
    startWorker({ url: proxy.url, presets: ['storm'], concurrency: 8, handle: async ({ content }) => content }),
  )
  await eventually(async () => {
    const { rows } = await session.query(
      `SELECT state, count(*)::int AS count FROM jobs WHERE preset = 'storm' GROUP BY state`,
    )
    expect(rows).toEqual([{ state: 'COMPLETED', count: 40 }])
  }, 60_000)
  for (const worker of workers) await worker.stop()
  for (const job of jobs) {
    expect((await statesOf(job)).filter((state) => state === 'COMPLETED')).toHaveLength(1)
    expect((await stored(server, job)).result?.output).toBe(job.content)
  }
  expect(workers.flatMap((worker) => worker.of('completed'))).toHaveLength(40)
  expect(workers.flatMap((worker) => worker.of('failed'))).toEqual([])
})
