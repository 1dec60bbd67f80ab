// What subscriptions that are never read cost a server, by what its process says after a full collection, and that it gets it back.
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { held, REPORTER } from '../../bench/memory.ts'
import { type ServerProcess, startServerProcess } from '../../load/serverProcess.ts'
import { BEGINNING, cursorOf } from '../../src/ledger/eventOrder.ts'
import { eventually } from '../support/eventually.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'

const STREAMS = 20
/** Records that are small: pages grow by them. */
const SMALL = 120
/** Together far more than a connection holds that is not read. */
const LARGE = 50
const CONTENT = 'x'.repeat(400_000)
/** Some copies of one event; pages of the records before would hold forty. */
const MAX_BYTES_PER_STREAM = 3_000_000
const STILL_BYTES = 500_000
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

/** Bytes in the heap and outside of it, once they get no fewer. */
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

/** A stream that is read up to the large records, and no further. */
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

it('costs little for each, and nothing any more when they are closed', { timeout: 5 * WAIT_MS }, async () => {
  for (let n = 0; n < SMALL; n += 1) await newJob(ledger)
  for (let n = 0; n < LARGE; n += 1) await newJob(ledger, { content: CONTENT })
  await passedHorizon(ledger)
  // What the first streams load and compile stays.
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
