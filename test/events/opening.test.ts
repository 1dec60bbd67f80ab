// Many subscriptions that open at once: what they cost the database, and that none misses an event.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { type EventStream, openEventStream, stepOf } from '../support/eventStream.ts'
import { newJob } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'

const STREAMS = 50

let server: TestServer
let log: StatementLog
const open: EventStream[] = []

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  log = logStatements(server)
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()))
})

afterAll(() => server.close())

async function subscribe(variables = {}): Promise<EventStream> {
  const stream = await openEventStream(server, variables, await asUser('eve', 'AUDITOR'))
  open.push(stream)
  return stream
}

const isHead = (text: string): boolean =>
  /^\s*SELECT \(SELECT max\(epoch\)[^,]* AS epoch, \S+ AS horizon\s*$/.test(text)
const isBacklog = (text: string): boolean => text.includes('"isEmpty"')

it('reads the head of the ledger, and no backlog', { timeout: 60_000 }, async () => {
  const sent = await log.during(() => Promise.all(Array.from({ length: STREAMS }, () => subscribe())))
  expect(sent.filter(isBacklog)).toEqual([])
  expect(sent.filter(isHead).length).toBeGreaterThan(0)
  const { id } = await newJob(server.ledger)
  for (const stream of open) expect((await stream.heard(1)).map(stepOf)).toEqual([`${id} 1`])
})

it('brings the events after a cursor to each', { timeout: 60_000 }, async () => {
  // A cursor before the horizon would bring the events of the test above again.
  await passedHorizon(server.ledger)
  const { data } = await server.request('{ latestEventCursor }', {}, await asUser('eve', 'AUDITOR'))
  const { id } = await newJob(server.ledger)
  const after = { after: data.latestEventCursor }
  await Promise.all(Array.from({ length: STREAMS }, () => subscribe(after)))
  for (const stream of open) expect((await stream.heard(1)).map(stepOf)).toEqual([`${id} 1`])
})

it('sends every event from the response on, in order, while jobs are created', { timeout: 120_000 }, async () => {
  const created: string[] = []
  let isOver = false
  const creating = (async () => {
    while (!isOver) created.push((await newJob(server.ledger)).id)
  })()
  /** Number of jobs whose creation had ended when the stream opened; the next one may be in it. */
  const startOf = new Map<EventStream, number>()
  await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const stream = await subscribe()
      startOf.set(stream, created.length)
    }),
  )
  const until = created.length + 10
  await expect.poll(() => created.length, { timeout: 60_000 }).toBeGreaterThan(until)
  isOver = true
  await creating
  for (const [stream, start] of startOf) {
    // The job that was being created when the stream opened may already have been committed.
    const expected = created.slice(start + 1).map((id) => `${id} 1`)
    const steps = (await stream.heard(expected.length)).map(stepOf)
    await expect.poll(() => stream.events.map(stepOf).slice(-expected.length)).toEqual(expected)
    expect(steps.length).toBe(new Set(steps).size)
  }
})
