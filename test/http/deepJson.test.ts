// JSON that is nested deeper than the stack allows. It may be stored, because older versions of the
// database accepted it. Pages that contain it must work.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

const LEVELS = 6000
const DEEP = `${'{"a":['.repeat(LEVELS / 2)}"end"${']}'.repeat(LEVELS / 2)}`

let server: TestServer
let session: pg.Client
let file: string
let cursor: string

beforeAll(async () => {
  file = join(temporaryDirectory('jobledger-deep-'), 'events')
  server = await startTestServer({ environment: { EVENTS_FILE: file, PUBLISH_START: 'beginning' } })
  session = new pg.Client({ connectionString: server.databaseUrl })
  await session.connect()
  cursor = (await server.request('{ latestEventCursor }')).data.latestEventCursor
  for (const [table, ...triggers] of [
    ['jobs', 'refuse_deep_metadata_insert', 'refuse_deep_state_metadata_insert'],
    ['job_results', 'refuse_deep_output_insert'],
  ])
    for (const trigger of triggers) await session.query(`ALTER TABLE ${table} DISABLE TRIGGER ${trigger}`)
  // PostgreSQL needs a larger stack to parse this JSON.
  await session.query("SET max_stack_depth = '6MB'")
  const insert = "INSERT INTO jobs (user_id, content, metadata, state_metadata) VALUES ('u', 'c', $1, $1) RETURNING id"
  const { id } = (await session.query(insert, [DEEP])).rows[0]
  await session.query("UPDATE jobs SET state = 'PROCESSING', version = 2, state_actor = 'w', state_metadata = '{}'")
  await session.query("INSERT INTO job_results (job_id, status, output) VALUES ($1, 'success', $2)", [id, DEEP])
  await session.query("INSERT INTO jobs (user_id, content) VALUES ('other', 'c')")
})

afterAll(async () => {
  await session.end()
  await server.close()
})

/** The response as sent, up to the point where it contains the deep JSON `times` times. */
async function textOf(query: string, times: number, accept = 'application/json'): Promise<string> {
  const controller = new AbortController()
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    signal: AbortSignal.any([controller.signal, AbortSignal.timeout(30_000)]),
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query }),
  })
  let text = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    if (accept === STREAM && timesIn(text) >= times) break
  }
  controller.abort()
  return text
}

const STREAM = 'text/event-stream'
const timesIn = (text: string): number => text.split(DEEP).length - 1

describe('JSON that is nested deeper than the stack', () => {
  it.each([
    ['a page of jobs', '{ jobs { nodes { userId metadata } } }', 1],
    [
      'a page with histories and results',
      '{ jobs { nodes { userId metadata stateHistory { nodes { metadata } } result { output } } } }',
      3,
    ],
  ])('is returned unchanged in %s, next to other jobs', async (_, query, times) => {
    const text = await textOf(query, times)
    expect(timesIn(text), text.slice(0, 500)).toBe(times)
    expect(text).not.toContain('"errors"')
    expect(text).toContain('{"userId":"other"')
  })

  it('is returned in events, and published', async () => {
    const query = `subscription { jobEvents(after: "${cursor}") { record { metadata } } }`
    expect(timesIn(await textOf(query, 1, STREAM))).toBe(1)
    await eventually(async () => expect(timesIn(await readFile(file, 'utf8'))).toBe(1), 20_000)
  })
})
