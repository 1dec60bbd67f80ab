// A client that does not read its response: the connection is closed, so that it holds no memory.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const TIMEOUT_MS = 2000
/** At most twice the time limit and 2 s. */
const CLOSED_MS = 2 * (TIMEOUT_MS + 2000)
const JOBS = 20
const CONTENT = 'x'.repeat(1024 * 1024)

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ environment: { REQUEST_TIMEOUT_MS: String(TIMEOUT_MS) } })
  for (let n = 0; n < JOBS; n += 1) await newJob(server.ledger, { content: CONTENT })
})
afterAll(() => server.close())

/** The length of the response to a query for all jobs, read after a pause. */
async function readAfter(pauseMs: number): Promise<number> {
  const body = `{"query":"{ jobs(first: ${JOBS}) { nodes { content } } }"}`
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname).pause()
  socket.on('error', () => undefined)
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  await sleep(pauseMs)
  let length = 0
  socket.on('data', (part) => {
    length += part.length
  })
  await new Promise((resolve) => socket.once('close', resolve).resume())
  return length
}

it('gets its whole response if it begins to read in time, and a part of it afterwards', async () => {
  expect(await readAfter(500)).toBeGreaterThan(JOBS * CONTENT.length)
  // A busy machine is late with the response and with closing its connection.
  const lengths: number[] = []
  for (const factor of [1, 2, 4]) {
    lengths.push(await readAfter(factor * (CLOSED_MS + 2000)))
    if (lengths.some((length) => length < JOBS * CONTENT.length)) return
  }
  expect.fail(`The client read ${lengths.join(', ')} bytes.`)
})
