// A subscriber that stops reading: the server neither reads ahead nor drops events.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSubscription } from '../../src/client/openSubscription.ts'
import { BEGINNING, cursorOf } from '../../src/ledger/eventOrder.ts'
import { EventsOfDocument, type EventsOfSubscription } from '../client/documents.generated.ts'
import { stepOf } from '../support/eventStream.ts'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'

const JOBS = 1000
/** Far more in total than the connection buffers. */
const REASON = 'x'.repeat(30_000)
const QUERY = EventsOfDocument.toString().replace('sequence', 'sequence metadata')

let server: TestServer
let log: StatementLog

beforeAll(async () => {
  // A stalled connection is closed after five of them.
  server = await startTestServer({ environment: { EVENTS_PING_MS: '20000' } })
  log = logStatements(server)
})

afterAll(async () => {
  await server.close()
})

/** Number of event pages read, without the polls of the feed and without writes. */
const pages = (statements: string[]): number =>
  statements.filter((text) => text.includes('SELECT') && text.includes('"public"."job_states"')).length

const CREATORS = 8

async function makeJobs(count: number): Promise<void> {
  let begun = 0
  const creator = async (): Promise<void> => {
    while (begun < count) {
      begun += 1
      const { id } = await newJob(server.ledger)
      const change = { state: 'CANCELLED' as const, version: 2, stateActor: 'tester', stateMetadata: { REASON } }
      await server.ledger.prisma.job.update({ where: { id }, data: change })
    }
  }
  await Promise.all(Array.from({ length: CREATORS }, creator))
}

/** All records in event order. */
async function history(): Promise<string[]> {
  const records = await server.ledger.prisma.jobStateRecord.findMany({
    select: { jobId: true, sequence: true },
    orderBy: [{ transactionId: 'asc' }, { id: 'asc' }],
  })
  return records.map(({ jobId, sequence }) => `${jobId} ${sequence}`)
}

/** Number of pages once the server has stopped reading. */
async function pagesUntilStill(): Promise<number> {
  let all = 0
  for (let stillFor = 0; stillFor < 5; ) {
    const more = pages(await log.during(() => new Promise((resolve) => setTimeout(resolve, 100))))
    all += more
    stillFor = more === 0 ? stillFor + 1 : 0
  }
  return all
}

it('gets everything when it resumes reading', { timeout: 120_000 }, async () => {
  await makeJobs(JOBS)
  const stop = new AbortController()
  const operation = { query: QUERY, variables: { after: cursorOf(BEGINNING) } }
  const events = await openSubscription<EventsOfSubscription>(`${server.url}/graphql`, operation, {
    headers: {},
    signal: stop.signal,
  })
  // Of thirty megabytes in pages of 128 KiB, the server reads what fits into the buffers of a
  // connection.
  expect(await pagesUntilStill()).toBeLessThan(100)
  // New records do not make it read more.
  const during = await log.during(() => makeJobs(50))
  expect(pages(during)).toBe(0)
  const made = await history()
  const heard: string[] = []
  for await (const { data } of events) {
    heard.push(stepOf(data.jobEvents))
    if (heard.length === made.length) break
  }
  stop.abort()
  expect(made).toHaveLength(2 * (JOBS + 50))
  expect(heard).toEqual(made)
})
