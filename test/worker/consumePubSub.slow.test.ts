// A worker that gets jobs from messages of Google Cloud Pub/Sub, with Google's own emulator.
import { PubSub } from '@google-cloud/pubsub'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createJob } from '../../src/ledger/createJob.ts'
import { requestJobCancellation } from '../../src/ledger/requestJobCancellation.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { setUpPubSub } from '../../src/publishing/pubSub/setUp.ts'
import { consumePubSub, type PubSubConsumerOptions, type WorkerEvent } from '../../src/worker/runWorker.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, newJob } from '../support/factories.ts'
import { expectSoundHistories } from '../support/history.ts'
import { type PubSubEmulator, startPubSubEmulator, withoutEmulator } from '../support/pubSubEmulator.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { endpointOf } from './startWorker.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const PROJECT = 'jobledger-test'

interface Consuming {
  readonly events: WorkerEvent[]
  readonly ended: Promise<unknown>
  /** Jobs in the order in which they were handled. */
  readonly handled: string[]
  stop(): Promise<unknown>
}

describe.skipIf(withoutEmulator('the consumer of Google Pub/Sub'))('consumePubSub', () => {
  let emulator: PubSubEmulator
  let client: PubSub
  let server: TestServer
  let names: { topic: string; subscription: string }
  let made = 0
  const endings: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    emulator = await startPubSubEmulator()
  })

  beforeEach(async () => {
    for (const [variable, value] of Object.entries(emulator.environment)) vi.stubEnv(variable, value)
    client = new PubSub({ projectId: PROJECT })
    made += 1
    names = {
      topic: `projects/${PROJECT}/topics/jobs-${made}`,
      subscription: `projects/${PROJECT}/subscriptions/jobs-${made}`,
    }
    await setUpPubSub(names)
    server = await startTestServer({ environment: { PUBSUB_TOPIC: names.topic, JOB_RETRY_BASE_MS: '10' } })
  })

  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end()
    await server.close()
    await client.close()
    vi.unstubAllEnvs()
  })

  afterAll(() => emulator.kill())

  function consume(options: Partial<PubSubConsumerOptions> = {}): Consuming {
    const stop = new AbortController()
    const events: WorkerEvent[] = []
    const handled: string[] = []
    const handle = options.handle ?? (async () => 'done')
    const ended = consumePubSub({
      url: endpointOf(server),
      subscription: names.subscription,
      signal: stop.signal,
      onSignals: [],
      onEvent: (event) => events.push(event),
      ...options,
      handle(job, context) {
        handled.push(job.jobId)
        return handle(job, context)
      },
    }).catch((error: unknown) => error)
    const consuming = {
      events,
      ended,
      handled,
      stop() {
        stop.abort()
        return ended
      },
    }
    endings.push(consuming.stop)
    return consuming
  }

  const stateOf = async (id: string) =>
    await server.ledger.prisma.job.findUniqueOrThrow({ where: { id }, select: { state: true, version: true } })

  /** Publishes a message like those of the server. */
  const send = (jobId: string, sequence: number, newState = 'PENDING') =>
    client.topic(names.topic, { messageOrdering: true }).publishMessage({
      data: Buffer.from('{}'),
      orderingKey: jobId,
      attributes: { jobId, sequence: String(sequence), newState },
    })

  it('runs each job once over two consumers and records its outcome', async () => {
    const [one, other] = [consume({ concurrency: 4 }), consume({ concurrency: 4 })]
    const ids: string[] = []
    for (let n = 0; n < 60; n++) ids.push((await newJob(server.ledger, { content: String(n) })).id)
    await eventually(
      async () => expect(await server.ledger.prisma.job.count({ where: { state: 'COMPLETED' } })).toBe(60),
      60_000,
    )
    expect([...one.handled, ...other.handled].sort()).toEqual(ids.sort())
    expect(await server.ledger.prisma.jobResult.count({ where: { status: 'SUCCESS' } })).toBe(60)
    await one.stop()
    await other.stop()
    expect([...one.events, ...other.events].filter(({ type }) => type === 'lost')).toEqual([])
  })

  it('retries a failed job that has attempts left', async () => {
    let tries = 0
    const consuming = consume({
      handle: async () => {
        tries += 1
        if (tries === 1) throw new Error('not yet')
      },
    })
    const { job } = await createJob(server.ledger, { userId: 'u', content: 'x', maxAttempts: 2 }, ACTOR)
    await eventually(async () => expect(await stateOf(job.id)).toEqual({ state: 'COMPLETED', version: 6 }), 60_000)
    expect(consuming.handled).toEqual([job.id, job.id])
  })

  it('ignores messages that are duplicate, late or about another transition', async () => {
    const consuming = consume({ concurrency: 2 })
    const done = await newJob(server.ledger)
    await eventually(async () => expect((await stateOf(done.id)).state).toBe('COMPLETED'), 30_000)
    const elsewhere = await newJob(server.ledger, { userId: 'elsewhere' })
    await transitionJob(server.ledger, { jobId: elsewhere.id, to: 'CANCELLED', actor: ACTOR }).catch(() => undefined)
    for (const sequence of [1, 1, 3]) await send(done.id, sequence)
    await send(done.id, 2, 'PROCESSING')
    await send('01890000-0000-7000-8000-000000000000', 1)
    // A gap: the only message of this job is older than its last transition.
    const last = await newJob(server.ledger)
    await eventually(async () => expect((await stateOf(last.id)).state).toBe('COMPLETED'), 30_000)
    expect(consuming.handled.filter((id) => id === done.id)).toHaveLength(1)
    expect((await stateOf(done.id)).version).toBe(3)
    await consuming.stop()
    expect(await consuming.ended).toBeUndefined()
  })

  it('runs only jobs with its presets, although the emulator ignores the filter of the subscription', async () => {
    const filtered = `projects/${PROJECT}/subscriptions/filtered-${made}`
    const filter = 'attributes.preset = "wanted"'
    await client.createSubscription(names.topic, filtered, { enableMessageOrdering: true, filter })
    const all = consume({ subscription: filtered, presets: ['wanted', 'also'] })
    const ids: string[] = []
    for (const preset of ['other', 'wanted', null, 'also', 'other']) {
      ids.push((await newJob(server.ledger, { preset })).id)
    }
    const [other, wanted, none, also, last] = ids as [string, string, string, string, string]
    await eventually(async () => expect([...all.handled].sort()).toEqual([wanted, also].sort()), 30_000)
    // An ignored message was acknowledged too: it does not reach a consumer of another preset.
    await all.stop()
    const rest = consume({ subscription: filtered, presets: ['other', 'new'] })
    const fresh = await newJob(server.ledger, { preset: 'new' })
    await eventually(() => expect(rest.handled).toContain(fresh.id), 30_000)
    expect(rest.handled).toEqual([fresh.id])
    for (const id of [other, none, last]) expect((await stateOf(id)).state).toBe('PENDING')
  })

  it('waits for a job that is not due, and runs others meanwhile', async () => {
    const consuming = consume()
    const runAt = new Date(Date.now() + 3000)
    const { job: later } = await createJob(server.ledger, { userId: 'u', content: 'later', runAt }, ACTOR)
    const soon = await newJob(server.ledger)
    await eventually(async () => expect((await stateOf(soon.id)).state).toBe('COMPLETED'), 30_000)
    expect((await stateOf(later.id)).state).toBe('PENDING')
    await eventually(async () => expect((await stateOf(later.id)).state).toBe('COMPLETED'), 30_000)
    expect(Date.now()).toBeGreaterThanOrEqual(runAt.getTime())
    expect(consuming.handled).toEqual([soon.id, later.id])
  })

  it('stops a job whose cancellation is requested', async () => {
    consume({
      leaseSeconds: 1,
      handle: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    })
    const { id } = await newJob(server.ledger)
    await eventually(async () => expect((await stateOf(id)).state).toBe('PROCESSING'), 30_000)
    await requestJobCancellation(server.ledger, { jobId: id, actor: ACTOR })
    await eventually(async () => expect((await stateOf(id)).state).toBe('CANCELLED'), 30_000)
  })

  it('releases unfinished jobs when it stops, and another consumer runs them', async () => {
    const first = consume({
      drainMs: 100,
      handle: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    })
    const { id } = await newJob(server.ledger)
    await eventually(async () => expect((await stateOf(id)).state).toBe('PROCESSING'), 30_000)
    expect(await first.stop()).toBeUndefined()
    expect((await stateOf(id)).state).toBe('PENDING')
    const second = consume()
    await eventually(async () => expect((await stateOf(id)).state).toBe('COMPLETED'), 60_000)
    expect(second.handled).toEqual([id])
    const session = await server.database.pool.connect()
    await expectSoundHistories(session)
    session.release()
  })

  it('refuses an invalid subscription name and a missing subscription', async () => {
    expect(await consume({ subscription: 'jobs' }).ended).toMatchObject({
      name: 'WorkerOptionsError',
      message: expect.stringMatching(/^`subscription` must be the full name of a subscription/),
    })
    expect(await consume({ subscription: `projects/${PROJECT}/subscriptions/missing` }).ended).toMatchObject({
      name: 'PubSubRefusedError',
      message: `projects/${PROJECT}/subscriptions/missing: Subscription does not exist (resource=missing)`,
    })
  })
})
