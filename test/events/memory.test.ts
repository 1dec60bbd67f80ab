// What subscriptions that are never read cost a server, by what its process says after a full collection, and that it gets it back.
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { held, REPORTER } from '../bench/memory.ts'
import { type ServerProcess, startServerProcess } from '../load/serverProcess.ts'
import { eventually } from '../support/eventually.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

const STREAMS = 150
/** Events of 5 MB in all for each stream: far more than a connection holds that is not read. */
const EVENTS = 100
const CONTENT = 'x'.repeat(50_000)
const MAX_BYTES_PER_STREAM = 200_000
/** Code that was compiled meanwhile, and caches that have a bound of their own. */
const NOISE_BYTES = 12_000_000
const WAIT_MS = 60_000

let ledger: TestLedger
let server: ServerProcess
let endpoint: URL

beforeAll(async () => {
  ledger = await openTestLedger()
  server = startServerProcess({
    databaseUrl: ledger.url,
    environment: { MAINTENANCE_INTERVAL_SECONDS: '0', NODE_OPTIONS: `--import ${REPORTER}` },
  })
  endpoint = new URL(await server.endpoint)
})

afterAll(async () => {
  server.kill('SIGTERM')
  await server.ended
  await ledger.close()
})

/** Bytes in the heap and outside of it. */
async function heldBytes(): Promise<number> {
  const { heapUsed, external } = await held(server)
  return heapUsed + external
}

/** A stream of which nothing is read but its beginning. */
function openUnread(): Promise<Socket> {
  const query =
    'subscription { jobEvents { cursor record { metadata job { content stateHistory { nodes { actor } } } } } }'
  const body = JSON.stringify({ query })
  const head = [
    'POST /graphql HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    'accept: text/event-stream',
    `content-length: ${body.length}`,
  ]
  return new Promise((resolve, reject) => {
    const socket = connect(Number(endpoint.port), endpoint.hostname)
    socket.once('error', reject).write(`${head.join('\r\n')}\r\n\r\n${body}`)
    socket.once('data', (first) => {
      socket.pause()
      if (first.toString().startsWith('HTTP/1.1 200')) resolve(socket)
      else reject(new Error(first.toString()))
    })
  })
}

async function openAll(count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) sockets.push(...(await Promise.all(Array.from({ length: 25 }, openUnread))))
  return sockets
}

it('costs little for each, and nothing any more when they are closed', { timeout: 4 * WAIT_MS }, async () => {
  // What the first streams load and compile stays.
  for (const socket of await openAll(25)) socket.destroy()
  await newJob(ledger, { content: CONTENT })
  const before = await heldBytes()
  const sockets = await openAll(STREAMS)
  for (let n = 0; n < EVENTS; n += 1) await newJob(ledger, { content: CONTENT })
  await eventually(
    async () => expect((await heldBytes()) - before).toBeLessThan(STREAMS * MAX_BYTES_PER_STREAM),
    WAIT_MS,
  )
  expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([])
  for (const socket of sockets) socket.destroy()
  await eventually(async () => expect((await heldBytes()) - before).toBeLessThan(NOISE_BYTES), WAIT_MS)
})
