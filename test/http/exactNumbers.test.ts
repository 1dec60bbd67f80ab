// Numbers in stored JSON that a JavaScript number cannot represent, written by SQL. Every response
// has all of their digits.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

const LARGE = `1${'0'.repeat(400)}`
const NUMBERS = `{"a": [0.1234567890123456789, -12345678901234567890], "text": "\\"12345678901234567890\\\\", "large": ${LARGE}}`
/** As in responses, without the spaces that jsonb adds. */
const ANSWERED = NUMBERS.replaceAll(/([:,]) /g, '$1')

let server: TestServer
let session: pg.Client
let file: string
let id: string
let cursor: string

beforeAll(async () => {
  file = join(temporaryDirectory('jobledger-numbers-'), 'events')
  server = await startTestServer({ environment: { EVENTS_FILE: file, PUBLISH_START: 'beginning' } })
  session = new pg.Client({ connectionString: server.databaseUrl })
  await session.connect()
  cursor = (await server.request('{ latestEventCursor }')).data.latestEventCursor
  const insert =
    "INSERT INTO jobs (user_id, content, metadata, state_metadata, max_attempts) VALUES ('u', 'c', $1, $1, 3) RETURNING id"
  id = (await session.query(insert, [NUMBERS])).rows[0].id
  await session.query(`UPDATE jobs SET state = 'PROCESSING', version = 2, state_actor = 'w', state_metadata = $1`, [
    NUMBERS,
  ])
  await session.query(`INSERT INTO job_results (job_id, status, output) VALUES ($1, 'success', $2)`, [id, NUMBERS])
})

afterAll(async () => {
  await session.end()
  await server.close()
})

/** The response as sent. */
async function textOf(query: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
  return await response.text()
}

const timesIn = (text: string): number => text.split(ANSWERED).length - 1

describe('numbers that a JavaScript number cannot represent', () => {
  it.each([
    ['lists', '{ jobs { nodes { metadata result { output } } } }', 2],
    ['a job', `{ job(id: "ID") { metadata result { output job { metadata } } } }`, 3],
    ['a node', `{ node(id: "ID") { ... on Job { metadata result { output } } } }`, 2],
    ['the history', `{ job(id: "ID") { stateHistory { nodes { metadata } } } }`, 2],
    [
      'a node that is requested twice',
      `{ a: node(id: "ID") { ... on Job { metadata } } job(id: "ID") { metadata } }`,
      2,
    ],
    [
      'a result that is set',
      `mutation { setJobResult(input: { jobId: "ID", status: ERROR }) { ... on SetJobResultSuccess { job { metadata } } } }`,
      1,
    ],
  ])('are returned unchanged in %s', async (_, query, times) => {
    const text = await textOf(query.replaceAll('ID', id))
    expect(text).not.toContain('errors')
    expect(timesIn(text), text.slice(0, 500)).toBe(times)
  })

  it('are returned unchanged in events, also over server-sent events', async () => {
    const controller = new AbortController()
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      signal: controller.signal,
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({
        query: `subscription { jobEvents(after: "${cursor}") { record { metadata job { metadata } } } }`,
      }),
    })
    let text = ''
    const timeout = setTimeout(() => controller.abort(), 15_000)
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString()
      if (timesIn(text) >= 4) break
    }
    clearTimeout(timeout)
    controller.abort()
    expect(timesIn(text)).toBe(4)
  })

  it('are written unchanged to the file of events', async () => {
    await eventually(async () => expect(timesIn(await readFile(file, 'utf8'))).toBe(2))
  })

  it('are returned unchanged by a mutation of the job', async () => {
    const input = `{ jobId: "${id}", expectedVersion: 2 }`
    const text = await textOf(
      `mutation { releaseJob(input: ${input}) { ... on TransitionJobSuccess { job { metadata } } } }`,
    )
    expect(timesIn(text), text.slice(0, 500)).toBe(1)
  })
})
