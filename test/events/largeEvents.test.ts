// Large events: the limit of one event, and their effect on other subscriptions.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSubscription } from '../../src/client/openSubscription.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { completeJob } from '../../src/ledger/finishJob.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn, newJob } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

const STATEMENTS = 2
const STREAMS = 20
const LIMIT = 200_000
const CONTENT = 'x'.repeat(90_000)

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({
    environment: {
      AUTH: 'required',
      ...PROTECTED,
      LIMIT_RESPONSE_BYTES: String(LIMIT),
      LIMIT_CALLER_STATEMENTS: String(STATEMENTS),
    },
  })
})

afterAll(() => server.close())

/** The events of a subscription to a user's records with this selection of the job. */
async function follow(userId: string, job: string) {
  const query = `subscription ($filter: JobStateRecordFilter) {
    jobEvents(filter: $filter) { record { sequence job { jobId ${job} } } } }`
  const stop = new AbortController()
  const options = { headers: await asUser('eve', 'AUDITOR'), signal: stop.signal }
  const operation = { query, variables: { filter: { userId } } }
  // biome-ignore lint/suspicious/noExplicitAny: the selection is text
  const results = await openSubscription<any>(`${server.url}/graphql`, operation, options)
  const events: unknown[] = []
  const errors: unknown[] = []
  const listen = async (): Promise<void> => {
    for await (const { data, errors: failed } of results) {
      if (failed) errors.push(...failed)
      else events.push(data.jobEvents)
    }
  }
  const ended = listen().catch((error: unknown) => error)
  return { events, errors, ended, stop }
}

const aliases = (count: number, field: string): string =>
  Array.from({ length: count }, (_, n) => `a${n}: ${field}`).join(' ')

it('ends a stream with an error instead of an event that exceeds the response limit', async () => {
  const whole = await follow('ada', aliases(2, 'content'))
  const large = await follow('ada', aliases(3, 'content'))
  await newJob(server.ledger, { userId: 'ada', content: CONTENT })
  expect(await large.ended).toBeUndefined()
  expect(large.events).toEqual([])
  expect(large.errors).toEqual([
    {
      message: expect.stringMatching(/^The event would exceed the limit of 200000 bytes\. Request smaller pages /),
      extensions: { code: 'BAD_USER_INPUT', limit: LIMIT },
    },
  ])
  await eventually(() => expect(whole.events).toMatchObject([{ record: { job: { a0: CONTENT, a1: CONTENT } } }]))
  expect(whole.errors).toEqual([])
  whole.stop.abort()
})

/** Statements that read results wait from now on until another session releases its lock. */
const RESULTS_THAT_WAIT = `ALTER TABLE job_results RENAME TO stored_results;
  CREATE VIEW public.job_results AS SELECT * FROM stored_results WHERE pg_advisory_xact_lock_shared(1) IS NOT NULL`

it('runs no more concurrent statements for the events of a caller than for its queries', {
  timeout: 60_000,
}, async () => {
  const { id: jobId } = await jobIn(server.ledger, 'PROCESSING', { userId: 'bob' })
  await completeJob(server.ledger, { jobId, actor: 'tester', output: 'done' })
  // A stream that starts before the horizon would get earlier events too.
  await passedHorizon(server.ledger)
  // The second history and the result are read separately for each event.
  const histories = `a: stateHistory(first: 1) { nodes { id } }
    b: stateHistory(last: 1) { nodes { job { result { status } } } }`
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => follow('bob', histories)))
  await onServer(server.databaseUrl, async (client) => {
    await client.query(RESULTS_THAT_WAIT)
    await client.query('SELECT pg_advisory_lock(1)')
    const waiting = async (): Promise<number> => {
      const { rows } = await client.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
      return rows.length
    }
    await deleteJob(server.ledger, { jobId, actor: 'tester' })
    await eventually(async () => expect(await waiting()).toBe(STATEMENTS), 20_000)
    const { errors } = await server.request('{ jobs { nodes { id } } }', {}, await asUser('ada', 'USER'))
    expect(errors).toBeUndefined()
    expect(await waiting()).toBe(STATEMENTS)
    await client.query('SELECT pg_advisory_unlock(1)')
  })
  await eventually(() => {
    expect(streams.flatMap(({ errors }) => errors)).toEqual([])
    expect(streams.filter(({ events }) => events.length === 1)).toHaveLength(STREAMS)
  })
  for (const { stop } of streams) stop.abort()
})

it('cancels the read of an event for which the database would send too much', async () => {
  const { errors, events, ended } = await follow('cleo', 'content')
  await newJob(server.ledger, { userId: 'cleo', content: CONTENT.repeat(5) })
  expect(await ended).toBeUndefined()
  expect(events).toEqual([])
  // All of it can arrive before the read is cancelled. The event is too large then as well.
  expect(errors).toMatchObject([
    {
      message: expect.stringMatching(
        /^The event (?:exceeds the limit of 400000|would exceed the limit of 200000) bytes/,
      ),
      extensions: { code: 'BAD_USER_INPUT' },
    },
  ])
})
