// The memory of subscriptions that are never read, measured after a full collection, and its
// release.
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { held, REPORTER } from '../../bench/memory.ts'
import { type ServerProcess, startServerProcess } from '../../load/serverProcess.ts'
import { BEGINNING, cursorOf } from '../../src/ledger/eventOrder.ts'
import { eventually } from '../support/eventually.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'

const STREAMS = 20
/** Small records make pages grow. */
const SMALL = 120
/** Far more in total than an unread connection buffers. */
const LARGE = 50
const CONTENT = 'x'.repeat(400_000)
/** A few copies of one event; a page sized for the earlier records would hold forty. */
const MAX_BYTES_PER_STREAM = 3_000_000
const STILL_BYTES = 500_000
/** Compiled code and bounded caches. */
const NOISE_BYTES = 12_000_000
const WAIT_MS = 60_000

let ledger: TestLedger
let server: ServerProcess
let endpoint: URL

beforeAll(async () => {
  ledger = await openTestLedger()
  server = startServerProcess({
    databaseUrl: ledger.url,
    isBuilt: true,
    environment: { MAINTENANCE_INTERVAL_SECONDS: '0', NODE_OPTIONS: `--import ${REPORTER}` },
  })
  endpoint = new URL(await server.endpoint)
})

afterAll(async () => {
  server.kill('SIGTERM')
  await server.ended
  await ledger.close()
})

/** Bytes inside and outside the heap, once they no longer decrease. */
async function heldBytes(): Promise<number> {
  for (let last = Number.POSITIVE_INFINITY; ; ) {
    const { heapUsed, external } = await held(server)
    const bytes = heapUsed + external
    if (last - bytes < STILL_BYTES) return bytes
    last = bytes
  }
}

const QUERY = `subscription ($after: String) { jobEvents(after: $after) {
  cursor record { metadata job { content stateHistory { nodes { actor } } } } } }`

/** A stream that is read up to the large records only. */
function openUnread(): Promise<Socket> {
  const body = JSON.stringify({ query: QUERY, variables: { after: cursorOf(BEGINNING) } })
  const head = [
    'POST /graphql HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    'accept: text/event-stream',
    `content-length: ${body.length}`,
  ]
  return new Promise((resolve, reject) => {
    const socket = connect(Number(endpoint.port), endpoint.hostname).setEncoding('latin1')
    socket.once('error', reject).write(`${head.join('\r\n')}\r\n\r\n${body}`)
    let events = 0
    const count = (text: string): void => {
      events += text.split('event: next').length - 1
      if (events < SMALL) return
      socket.off('data', count).pause()
      resolve(socket)
    }
    socket.on('data', count)
  })
}

const openAll = (count: number): Promise<Socket[]> => Promise.all(Array.from({ length: count }, openUnread))

it('needs little memory for each stream, and none after they are closed', { timeout: 5 * WAIT_MS }, async () => {
  for (let n = 0; n < SMALL; n += 1) await newJob(ledger)
  for (let n = 0; n < LARGE; n += 1) await newJob(ledger, { content: CONTENT })
  await passedHorizon(ledger)
  // What the first streams load and compile remains.
  for (const socket of await openAll(10)) socket.destroy()
  const before = await heldBytes()
  const sockets = await openAll(STREAMS)
  await eventually(
    async () => expect((await heldBytes()) - before).toBeLessThan(STREAMS * MAX_BYTES_PER_STREAM),
    WAIT_MS,
  )
  for (const socket of sockets) socket.destroy()
  await eventually(async () => expect((await heldBytes()) - before).toBeLessThan(NOISE_BYTES), WAIT_MS)
})
