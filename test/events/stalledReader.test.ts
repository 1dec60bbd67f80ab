// A subscriber that does not read for too long: its connection is closed, its place is freed, and
// it misses nothing.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { followJobEvents } from '../../src/client/followJobEvents.ts'
import { BEGINNING, cursorOf } from '../../src/ledger/eventOrder.ts'
import { openEventStream } from '../support/eventStream.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const JOBS = 60
/** Far more in total than the connection buffers. */
const REASON = 'x'.repeat(500_000)
const WAIT_MS = 60_000

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: { LIMIT_SUBSCRIPTIONS: '1' } })
})

afterAll(() => server.close())

async function makeJobs(): Promise<string[]> {
  const steps: string[] = []
  for (let n = 0; n < JOBS; n += 1) {
    const { id } = await newJob(server.ledger)
    const change = { state: 'CANCELLED' as const, version: 2, stateActor: 'tester', stateMetadata: { REASON } }
    await server.ledger.prisma.job.update({ where: { id }, data: change })
    steps.push(`${id} 1`, `${id} 2`)
  }
  await passedHorizon(server.ledger)
  return steps
}

/** Resolves when the only place is free. */
function placeIsFree(): Promise<void> {
  return eventually(async () => {
    const stream = await openEventStream(server)
    const refused = await Promise.race([
      stream.ended.then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 200, false)),
    ])
    await stream.close()
    expect(refused).toBe(false)
  }, WAIT_MS)
}

it('resumes over another connection after the last event that it read', { timeout: 3 * WAIT_MS }, async () => {
  const made = await makeJobs()
  const stop = new AbortController()
  const heard: string[] = []
  const interruptions: string[] = []
  const options = { url: `${server.url}/graphql`, after: cursorOf(BEGINNING), signal: stop.signal }
  const onInterruption = ({ message }: Error): void => void interruptions.push(message)
  for await (const { record } of followJobEvents({ ...options, onInterruption })) {
    heard.push(`${record.job.jobId} ${record.sequence}`)
    if (heard.length === 1) await placeIsFree()
    if (heard.length === made.length) stop.abort()
  }
  expect(interruptions.length).toBeGreaterThan(0)
  expect(heard).toEqual(made)
})
