// Consumers of a busy ledger while the publishing server, the broker and a subscriber are killed at
// random. Every step of every job arrives, those of one job in order.
import { type Message, PubSub } from '@google-cloud/pubsub'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { followJobEvents } from '../../src/client/followJobEvents.ts'
import { type Random, randomFrom } from '../../src/commands/seed/random.ts'
import { listConsumers } from '../../src/ledger/consumers.ts'
import { BEGINNING, cursorOf } from '../../src/ledger/eventOrder.ts'
import { transitionJobs } from '../../src/ledger/transitionJob.ts'
import { setUpPubSub } from '../../src/publishing/pubSub/setUp.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { fixedPort } from '../support/fixedPort.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { emulatorAt, type PubSubEmulator, startPubSubEmulator, withoutEmulator } from '../support/pubSubEmulator.ts'
import { openTcpGate, type TcpGate } from '../support/tcpGate.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const TRANSITIONS = 10_000
const WRITERS = 8
const SERVER_KILLS = 4
const BROKER_KILLS = 2
const SEED = Math.floor(Math.random() * 1_000_000)
const TOPIC = 'projects/jobledger-test/topics/killed'
const SUBSCRIPTION = 'projects/jobledger-test/subscriptions/killed-reader'

type Step = readonly [jobId: string, sequence: number]

/** Walks jobs through the state machine without end, with writers that sometimes conflict. */
async function write(ledger: TestLedger, random: Random, until: AbortSignal): Promise<number> {
  let made = 0
  const writer = async (): Promise<void> => {
    while (made < TRANSITIONS && !until.aborted) {
      const jobs = await Promise.all(Array.from({ length: 10 }, () => newJob(ledger)))
      made += jobs.length
      for (const to of [
        'PROCESSING',
        'FAILED',
        'PENDING',
        'PROCESSING',
        'PENDING',
        'PROCESSING',
        'COMPLETED',
      ] as const) {
        const inputs = jobs.map(({ id }) => ({ jobId: id, to, actor: ACTOR })).sort(() => random.next() - 0.5)
        // Twice over two connections: one waits for the row locks of the other.
        const halves = [inputs.slice(0, 6), inputs.slice(4)]
        const outcomes = await Promise.all(halves.map((half) => transitionJobs(ledger, half, ACTOR)))
        made += outcomes.flat().filter((outcome) => !(outcome instanceof Error)).length
      }
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, writer))
  return made
}

/** Every step of the ledger arrived, those of each job in order apart from repeats. */
async function expectAll(ledger: TestLedger, heard: readonly Step[]): Promise<void> {
  const jobs = await ledger.prisma.job.findMany({ select: { id: true, version: true } })
  const last = new Map<string, number>()
  const gaps: string[] = []
  for (const [jobId, sequence] of heard) {
    const before = last.get(jobId) ?? 0
    if (sequence > before + 1) gaps.push(`${jobId}: ${sequence} after ${before}`)
    last.set(jobId, Math.max(before, sequence))
  }
  expect(gaps).toEqual([])
  expect(jobs.filter(({ id, version }) => last.get(id) !== version)).toEqual([])
}

describe.skipIf(withoutEmulator('kills of the server and of Google Pub/Sub during publishing'))('everything', () => {
  let ledger: TestLedger
  let emulator: PubSubEmulator
  let gate: TcpGate

  beforeAll(async () => {
    ledger = await openTestLedger()
    emulator = await startPubSubEmulator()
    gate = await openTcpGate(emulator.port)
    for (const [variable, value] of Object.entries(emulator.environment)) vi.stubEnv(variable, value)
    await setUpPubSub({ topic: TOPIC, subscription: SUBSCRIPTION })
  })

  afterAll(async () => {
    await endPrograms()
    await gate.close()
    await emulator.kill()
    vi.unstubAllEnvs()
    await ledger.close()
  })

  it(`delivers everything in order, whatever is killed (seed ${SEED})`, async () => {
    const random = randomFrom(SEED)
    const port = await fixedPort()
    const startServer = (): Program =>
      runProgram('src/main.ts', {
        ...emulatorAt(gate.port),
        NODE_ENV: 'production',
        AUTH: 'open',
        DATABASE_URL: ledger.url,
        DATABASE_POOL_MIN: '2',
        DATABASE_POOL_MAX: '6',
        MAINTENANCE_INTERVAL_SECONDS: '0',
        PORT: String(port),
        PUBSUB_TOPIC: TOPIC,
      })
    let server = startServer()
    let broker = takeFrom(SUBSCRIPTION)
    const published: Step[] = []
    const subscriber = subscribeUntilDone(`http://127.0.0.1:${port}/graphql`, random)

    const stop = new AbortController()
    let isWriting = true
    const writing = write(ledger, random, stop.signal).finally(() => {
      isWriting = false
    })

    const killServer = async (): Promise<void> => {
      server.process.kill('SIGKILL')
      await server.ended
      server = startServer()
      await server.says(/listening/)
    }
    // The real broker keeps accepted messages; the emulator loses them. So the server loses the
    // emulator first, at any moment, and accepted messages are fetched before it is killed.
    const killBroker = async (): Promise<void> => {
      await gate.close()
      await broker.settled()
      published.push(...(await broker.close()))
      await emulator.kill()
      await emulator.start()
      await setUpPubSub({ topic: TOPIC, subscription: SUBSCRIPTION })
      broker = takeFrom(SUBSCRIPTION)
      await gate.open()
    }
    const kills = [
      ...Array.from({ length: SERVER_KILLS }, () => killServer),
      ...Array.from({ length: BROKER_KILLS }, () => killBroker),
    ].sort(() => random.next() - 0.5)
    await server.says(/listening/)
    for (const kill of kills) {
      await new Promise((resolve) => setTimeout(resolve, random.integer(200, 1500)))
      await kill()
    }
    expect(await writing).toBeGreaterThanOrEqual(TRANSITIONS)
    expect(isWriting).toBe(false)

    const total = await ledger.prisma.jobStateRecord.count()
    await eventually(
      async () =>
        expect((await listConsumers(ledger)).find(({ name }) => name === `pubsub:${TOPIC}`)?.lagRecords).toBe(0),
      60_000,
    )
    await broker.settled()
    published.push(...(await broker.close()))
    await expectAll(ledger, published)
    const heard = await subscriber.until(total)
    await expectAll(ledger, heard)
    // Its cursor is exact: nothing arrived twice.
    expect(heard).toHaveLength(total)
  })
})

interface BrokerReader {
  /** Resolves when nothing has arrived for a while. */
  settled(): Promise<void>
  /** Stops it; resolves to what it received. */
  close(): Promise<Step[]>
}

const SETTLED_MS = 1000

function takeFrom(subscription: string): BrokerReader {
  const client = new PubSub({ projectId: 'jobledger-test' })
  const reader = client.subscription(subscription)
  const steps: Step[] = []
  let cameAt = performance.now()
  reader.on('message', (message: Message) => {
    cameAt = performance.now()
    steps.push([message.attributes.jobId as string, Number(message.attributes.sequence)])
    message.ack()
  })
  reader.on('error', () => undefined)
  return {
    settled: () => eventually(() => expect(performance.now() - cameAt).toBeGreaterThan(SETTLED_MS), 30_000),
    async close() {
      await reader.close()
      await client.close()
      return steps
    },
  }
}

interface Subscriber {
  /** Resolves to what it received once that is this many events. */
  until(count: number): Promise<Step[]>
}

/** Subscribes, is killed at random and resumes with its last cursor. */
function subscribeUntilDone(url: string, random: Random): Subscriber {
  const steps: Step[] = []
  const done = new AbortController()
  const listen = async (): Promise<void> => {
    for (let after = cursorOf(BEGINNING); !done.signal.aborted; ) {
      const life = AbortSignal.any([done.signal, AbortSignal.timeout(random.integer(100, 1500))])
      for await (const { cursor, record } of followJobEvents({ url, after, signal: life })) {
        steps.push([record.job.jobId, record.sequence])
        after = cursor
      }
    }
  }
  const listening = listen()
  return {
    async until(count) {
      await eventually(() => expect(steps.length).toBeGreaterThanOrEqual(count), 60_000)
      done.abort()
      await listening
      return steps
    },
  }
}
