// Google Cloud Pub/Sub with Google's own emulator: set-up, messages and outages of the broker.
import { type Message, PubSub } from '@google-cloud/pubsub'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { listConsumers } from '../../src/ledger/consumers.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, jobIn, newJob } from '../support/factories.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { emulatorAt, type PubSubEmulator, startPubSubEmulator, withoutEmulator } from '../support/pubSubEmulator.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { openTcpGate } from '../support/tcpGate.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const PROJECT = 'jobledger-test'
const name = (kind: 'topics' | 'subscriptions', short: string): string => `projects/${PROJECT}/${kind}/${short}`

describe.skipIf(withoutEmulator('publishing to Google Pub/Sub'))('Pub/Sub', () => {
  let emulator: PubSubEmulator
  let client: PubSub
  const endings: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    emulator = await startPubSubEmulator()
  })

  beforeEach(() => {
    for (const [variable, value] of Object.entries(emulator.environment)) vi.stubEnv(variable, value)
    client = new PubSub({ projectId: PROJECT })
  })

  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end()
    await endPrograms()
    await client.close()
    vi.unstubAllEnvs()
  })

  afterAll(() => emulator.kill())

  function setUp(topic: string, ...words: string[]): Program {
    const environment = { ...emulator.environment, PUBSUB_TOPIC: topic }
    return runProgram('src/cli.ts', environment, ['pubsub', 'setup', ...words])
  }

  async function makeTopic(short: string): Promise<{ topic: string; subscription: string }> {
    const names = { topic: name('topics', short), subscription: name('subscriptions', `${short}-reader`) }
    const program = setUp(names.topic, '--subscription', names.subscription)
    expect(await program.ended, program.stderr()).toEqual({ code: 0, signal: null })
    return names
  }

  async function start(environment: Record<string, string>): Promise<TestServer> {
    const server = await startTestServer({ environment })
    endings.push(() => server.close())
    return server
  }

  /** Collects every message. */
  function take(subscription: string): Message[] {
    const messages: Message[] = []
    const reader = client.subscription(subscription)
    reader.on('message', (message: Message) => {
      messages.push(message)
      message.ack()
    })
    reader.on('error', () => undefined)
    endings.push(() => reader.close())
    return messages
  }

  it('creates a topic and an ordered subscription once, and reports what is in the way', async () => {
    const topic = name('topics', 'setup')
    const subscription = name('subscriptions', 'setup-reader')
    const first = setUp(topic, '--subscription', subscription)
    expect(await first.ended).toEqual({ code: 0, signal: null })
    expect(first.stdout()).toBe(`Created the topic ${topic}.\nCreated the subscription ${subscription}.\n`)
    const [metadata] = await client.subscription(subscription).getMetadata()
    expect(metadata).toMatchObject({ topic, enableMessageOrdering: true, ackDeadlineSeconds: 60 })
    const again = setUp(topic, '--subscription', subscription)
    await again.ended
    expect(again.stdout()).toBe(
      `The topic ${topic} already exists.\nThe subscription ${subscription} already exists.\n`,
    )

    await client.createSubscription(topic, name('subscriptions', 'unordered'))
    const unordered = setUp(topic, '--subscription', name('subscriptions', 'unordered'))
    expect(await unordered.ended).toEqual({ code: 1, signal: null })
    expect(unordered.stderr()).toMatch(/^The subscription .*unordered already exists without message ordering, .*\n$/)
  })

  it.each([
    ['no topic', {}, [], /^PUBSUB_TOPIC is not set/],
    [
      'a short name',
      { PUBSUB_TOPIC: 'jobs' },
      [],
      /^PUBSUB_TOPIC must be the full name of a topic, such as .* \(got "jobs"\)\.\n$/,
    ],
    [
      'a short name of a subscription',
      { PUBSUB_TOPIC: name('topics', 'jobs') },
      ['--subscription', 'jobs'],
      /^--subscription must be the full name of a subscription/,
    ],
  ])('setup refuses %s in one sentence', async (_, environment, words, message) => {
    const program = runProgram('src/cli.ts', environment, ['pubsub', 'setup', ...words])
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toMatch(message)
  })

  it('gets a message for each record, with the attributes to filter by, those of a job in order', async () => {
    const { topic, subscription } = await makeTopic('messages')
    const messages = take(subscription)
    const server = await start({ PUBSUB_TOPIC: topic })
    const { id } = await jobIn(server.ledger, 'COMPLETED', { userId: 'ada', preset: 'nightly' })
    const plain = await newJob(server.ledger)
    await eventually(() => expect(messages).toHaveLength(4))
    const ofJob = messages.filter(({ orderingKey }) => orderingKey === id)
    expect(ofJob.map(({ attributes }) => attributes)).toEqual([
      { eventId: `${id}:1`, jobId: id, sequence: '1', newState: 'PENDING', userId: 'ada', preset: 'nightly' },
      {
        eventId: `${id}:2`,
        jobId: id,
        sequence: '2',
        previousState: 'PENDING',
        newState: 'PROCESSING',
        userId: 'ada',
        preset: 'nightly',
      },
      {
        eventId: `${id}:3`,
        jobId: id,
        sequence: '3',
        previousState: 'PROCESSING',
        newState: 'COMPLETED',
        userId: 'ada',
        preset: 'nightly',
      },
    ])
    const body = JSON.parse(messages.find(({ orderingKey }) => orderingKey === plain.id)?.data.toString() ?? '')
    expect(body).toMatchObject({
      eventId: `${plain.id}:1`,
      sequence: 1,
      previousState: null,
      preset: null,
      actor: ACTOR,
    })
    await eventually(async () => {
      const { data } = await server.request('{ consumers { name lagRecords lagSeconds updatedAt cursor } }')
      const facts = { updatedAt: expect.any(String), cursor: expect.any(String) }
      expect(data.consumers).toContainEqual({ name: `pubsub:${topic}`, lagRecords: 0, lagSeconds: 0, ...facts })
    })
  })

  it('catches up in order after an outage, during which writes continue and the lag grows', async () => {
    const { topic, subscription } = await makeTopic('away')
    // Without its subscription the topic would drop what is published.
    const gate = await openTcpGate(emulator.port)
    endings.push(() => gate.close())
    vi.stubEnv('PUBSUB_EMULATOR_HOST', emulatorAt(gate.port).PUBSUB_EMULATOR_HOST)
    const server = await start({ PUBSUB_TOPIC: topic })
    const { id } = await newJob(server.ledger)
    const lag = async (): Promise<number | undefined> => {
      const consumers = await listConsumers(server.ledger)
      return consumers.find(({ name: its }) => its === `pubsub:${topic}`)?.lagRecords
    }
    await eventually(async () => expect(await lag()).toBe(0))
    await gate.close()
    await emulator.kill()
    await transitionJob(server.ledger, { jobId: id, to: 'PROCESSING', actor: ACTOR })
    const others = await Promise.all(Array.from({ length: 20 }, () => jobIn(server.ledger, 'COMPLETED')))
    await transitionJob(server.ledger, { jobId: id, to: 'COMPLETED', actor: ACTOR })
    expect(await lag()).toBe(62)
    await emulator.start()
    // The emulator has lost everything; the real broker would not.
    await makeTopic('away')
    const messages = take(subscription)
    await gate.open()
    await eventually(async () => expect(await lag()).toBe(0), 60_000)
    await eventually(() => expect(new Set(messages.map(({ attributes }) => attributes.eventId)).size).toBe(62))
    for (const job of [id, ...others.map((other) => other.id)]) {
      const heard = messages
        .filter(({ orderingKey }) => orderingKey === job)
        .map(({ attributes }) => Number(attributes.sequence))
      const once = heard.filter((sequence, index) => heard.indexOf(sequence) === index)
      expect(once).toEqual([...once].sort())
    }
  })
})
