// Records that a sink refuses permanently are set aside and listed, while the others are published.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { type LogLine, readableLog } from '../maintenance/logLines.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, jobIn, newJob } from '../support/factories.ts'
import { type PubSubStandIn, startPubSubStandIn } from '../support/pubSubStandIn.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

vi.setConfig({ testTimeout: 120_000 })

const TOPIC = 'projects/jobledger-test/topics/refusing'
const CONSUMER = `pubsub:${TOPIC}`
const SET_ASIDE = 'set aside a refused record'

let standIn: PubSubStandIn
let database: TestDatabase
let server: TestServer | undefined
let lines: LogLine[]

beforeEach(async () => {
  standIn = await startPubSubStandIn()
  for (const [variable, value] of Object.entries(standIn.environment)) vi.stubEnv(variable, value)
  database = await createTestDatabase()
})

afterEach(async () => {
  await server?.close()
  server = undefined
  await standIn.close()
  await database.drop()
  vi.unstubAllEnvs()
})

async function start(environment: Record<string, string> = {}): Promise<TestServer> {
  const readable = readableLog()
  lines = readable.lines
  server = await startTestServer({
    databaseUrl: database.url,
    environment: { PUBSUB_TOPIC: TOPIC, ...environment },
    log: readable.log,
  })
  return server
}

interface Consumer {
  readonly lagRecords: number
  readonly refusedRecords: readonly { jobId: string; sequence: number; reason: string; refusedAt: string }[]
}

async function consumer(): Promise<Consumer | undefined> {
  const query = '{ consumers { name lagRecords refusedRecords { jobId sequence reason refusedAt } } }'
  const { data } = await (server as TestServer).request<{ consumers: (Consumer & { name: string })[] }>(query)
  return data.consumers.find(({ name }) => name === CONSUMER)
}

async function published(): Promise<Consumer> {
  return await eventually(async () => {
    const state = await consumer()
    expect(state?.lagRecords).toBe(0)
    return state as Consumer
  }, 30_000)
}

const acceptedOf = (jobId: string): string[] => [...new Set(standIn.accepted.filter((id) => id.startsWith(jobId)))]

describe('a record that Pub/Sub refuses', () => {
  it('is set aside and listed, and the others are published, those of a job in order', async () => {
    standIn.refuses = (event) => event.includes('poison')
    const { ledger } = await start()
    const before = await jobIn(ledger, 'COMPLETED')
    const { id } = await newJob(ledger)
    await transitionJob(ledger, { jobId: id, to: 'PROCESSING', actor: ACTOR, reason: 'poison' })
    await transitionJob(ledger, { jobId: id, to: 'COMPLETED', actor: ACTOR })
    const after = await jobIn(ledger, 'COMPLETED')
    const { refusedRecords } = await published()
    const refused = { jobId: id, sequence: 2, reason: expect.stringContaining('this message is refused') }
    expect(refusedRecords).toEqual([{ ...refused, refusedAt: expect.any(String) }])
    expect(acceptedOf(id)).toEqual([`${id}:1`, `${id}:3`])
    for (const job of [before, after]) expect(acceptedOf(job.id)).toEqual([1, 2, 3].map((n) => `${job.id}:${n}`))
    const named = lines.filter(({ msg }) => msg === SET_ASIDE)
    expect(named).toMatchObject([{ level: 'error', consumer: CONSUMER, ...refused }])
  })

  it('stays set aside after a restart and is not refused again', async () => {
    standIn.refuses = (event) => event.includes('poison')
    const { ledger } = await start()
    await newJob(ledger, { preset: 'poison' })
    await newJob(ledger)
    const { refusedRecords } = await published()
    expect(refusedRecords).toHaveLength(1)
    await server?.close()
    const { refusals } = standIn
    const { ledger: again } = await start()
    const { id } = await newJob(again)
    await eventually(() => expect(acceptedOf(id)).toEqual([`${id}:1`]))
    expect((await published()).refusedRecords).toEqual(refusedRecords)
    expect(standIn.refusals).toBe(refusals)
  })

  it('is published later if the broker refused everything', async () => {
    standIn.refuses = () => true
    const { ledger } = await start()
    const jobs = await Promise.all([1, 2, 3, 4, 5].map(() => newJob(ledger)))
    await eventually(() => {
      const error = lines.find(({ msg }) => msg.startsWith('publishing failed'))?.err
      expect(error).toMatchObject({
        message: expect.stringMatching(/^Pub\/Sub refuses .*:1 and accepts no other event/),
      })
    }, 30_000)
    expect(await consumer()).toMatchObject({ lagRecords: 5, refusedRecords: [] })
    standIn.refuses = () => false
    expect((await published()).refusedRecords).toEqual([])
    for (const { id } of jobs) expect(acceptedOf(id)).toEqual([`${id}:1`])
  })

  it('is not sent if it exceeds the size of a message', async () => {
    const { ledger } = await start()
    const { id } = await newJob(ledger)
    const session = new pg.Client({ connectionString: database.url })
    await session.connect()
    await session.query(
      `UPDATE jobs SET version = 2, state = 'PROCESSING', state_actor = 'psql', state_metadata = jsonb_build_object('text', repeat('x', 11 * 1024 * 1024))
       WHERE id = $1`,
      [id],
    )
    await session.query(
      `UPDATE jobs SET version = 3, state = 'COMPLETED', state_actor = 'psql', state_metadata = '{}' WHERE id = $1`,
      [id],
    )
    await session.end()
    const { refusedRecords } = await published()
    const reason = expect.stringMatching(/^The message has 115\d+ bytes; Pub\/Sub accepts at most 10485760\.$/)
    expect(refusedRecords).toMatchObject([{ jobId: id, sequence: 2, reason }])
    expect(acceptedOf(id)).toEqual([`${id}:1`, `${id}:3`])
    expect(standIn.refusals).toBe(0)
  })
})

describe('limits of the ledger', () => {
  it.each([
    ['LIMIT_METADATA_BYTES', '6000000', 5_180_592],
    ['LIMIT_NAME_CHARACTERS', '300', 256],
  ])('%s=%s is refused with PUBSUB_TOPIC, because such records do not fit into messages', async (name, value, most) => {
    await expect(start({ [name]: value })).rejects.toThrow(
      `${name} must be at most ${most} with PUBSUB_TOPIC (got ${value}): a larger record does not fit into a message of Pub/Sub.`,
    )
    await expect(start({ [name]: value, PUBSUB_TOPIC: '' })).resolves.toBeDefined()
  })
})
