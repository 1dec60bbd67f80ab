// Many subscriptions of one caller: their cost for the database, and their effect on other callers.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { type EventStream, openEventStream, stepOf } from '../support/eventStream.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'

const STREAMS = 100
const JOBS = 40
const FEW = 16
/** This process also parses each event. */
const HEARD_MS = 60_000

let server: TestServer
let log: StatementLog
const open: EventStream[] = []

beforeAll(async () => {
  server = await startTestServer({ environment: { AUTH: 'required', ...PROTECTED } })
  log = logStatements(server)
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()))
})

afterAll(() => server.close())

async function subscribe(
  count: number,
  headers: Record<string, string>,
  variables?: Parameters<typeof openEventStream>[1],
): Promise<EventStream[]> {
  const streams = await Promise.all(Array.from({ length: count }, () => openEventStream(server, variables, headers)))
  open.push(...streams)
  return streams
}

async function createJobs(userId: string, count: number): Promise<void> {
  const inputs = Array.from({ length: count }, () => ({ userId, content: 'x' }))
  const query = 'mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { __typename } }'
  const { errors } = await server.request(query, { inputs }, await asUser('root', 'ADMIN'))
  expect(errors).toBeUndefined()
}

const heardBy = (streams: readonly EventStream[]): number => streams.reduce((sum, { events }) => sum + events.length, 0)

function allHeard(streams: readonly EventStream[], count: number): Promise<void> {
  return eventually(() => expect(streams.filter(({ events }) => events.length < count).length).toBe(0), HEARD_MS)
}

it('reads new records once for all subscriptions with the same selection', { timeout: 120_000 }, async () => {
  await passedHorizon(server.ledger)
  const streams = [
    ...(await subscribe(20, await asUser('eve', 'AUDITOR'))),
    ...(await subscribe(10, await asUser('ada', 'USER'))),
    ...(await subscribe(10, await asUser('eve', 'AUDITOR'), { filter: { userId: 'ada' } })),
  ]
  const sent = await log.during(async () => {
    await createJobs('ada', FEW)
    await allHeard(streams, FEW)
  })
  const reading = sent.filter((text) => /^SELECT .* FROM job_states WHERE/.test(text))
  expect(reading.length).toBeGreaterThan(0)
  // Separate reads would take at least one statement for each stream. Rows are cached for a second:
  // a slow machine reads them again.
  expect(reading.length).toBeLessThan(streams.length)
  const [first] = streams
  for (const { events } of streams) expect(events).toEqual(first?.events)
})

it('shows each subscriber only the permitted part of a shared record', { timeout: 120_000 }, async () => {
  await passedHorizon(server.ledger)
  const auditors = await subscribe(3, await asUser('eve', 'AUDITOR'))
  const [ada, bob] = [await subscribe(3, await asUser('ada', 'USER')), await subscribe(3, await asUser('bob', 'USER'))]
  for (const userId of ['ada', 'bob', 'ada', 'bob']) await newJob(server.ledger, { userId })
  await allHeard(auditors, 4)
  await allHeard([...ada, ...bob], 2)
  const steps = (auditors[0] as EventStream).events.map(stepOf)
  for (const { events } of ada) expect(events.map(stepOf)).toEqual([steps[0], steps[2]])
  for (const { events } of bob) expect(events.map(stepOf)).toEqual([steps[1], steps[3]])
})

it('delivers an event of one caller while thousands for another wait', { timeout: 120_000 }, async () => {
  await passedHorizon(server.ledger)
  const flood = await subscribe(STREAMS, await asUser('flood', 'AUDITOR'))
  const [ada] = await subscribe(1, await asUser('ada', 'USER'))
  await createJobs('flood', JOBS)
  await eventually(() => expect(heardBy(flood)).toBeGreaterThan(0))
  await newJob(server.ledger, { userId: 'ada' })
  await ada?.heard(1)
  // Her event was written last, and arrives before most of those that were written first.
  expect(heardBy(flood)).toBeLessThan((STREAMS * JOBS) / 2)
  await allHeard(flood, JOBS + 1)
})
