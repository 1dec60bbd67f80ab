// Bytes that are not a complete HTTP/1.1 request. Each gets a JSON response, and the connection is
// closed after it.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ environment: { REQUEST_TIMEOUT_MS: '1500' } })
})
afterAll(() => server.close())

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** All that the server sends until it closes the connection. Rejects if the server resets it. */
async function exchange(bytes: string): Promise<string> {
  const socket = await open()
  socket.write(bytes)
  return rest(socket)
}

async function rest(socket: Socket): Promise<string> {
  let text = ''
  for await (const part of socket.setEncoding('utf8')) text += part
  return text
}

const jobs = () => server.ledger.prisma.job.count()

const CREATE = '{"query":"mutation { createJob(input: { content: \\"x\\" }) { __typename } }"}'
const LARGE = 'x'.repeat(20_000)
const host = 'host: localhost\r\n'
const chunked = `POST /graphql HTTP/1.1\r\n${host}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`

describe('refuses a request', () => {
  it.each([
    ['whose headers are too large', `GET /livez HTTP/1.1\r\n${host}a: ${LARGE}\r\n\r\n`, 431, /at most 16384 bytes/],
    ['whose URL is too long', `GET /${LARGE} HTTP/1.1\r\n${host}\r\n`, 431, /URL and the headers/],
    ['whose trailers are too large', `${chunked}0\r\na: ${LARGE}\r\n\r\n`, 431, /at most 16384 bytes/],
    ['whose chunk extensions are too large', `${chunked}5;${LARGE}\r\n`, 413, /extensions of a chunk/],
    ['that is not HTTP', 'NONSENSE\r\n\r\n', 400, /not valid HTTP\/1.1 \(Invalid method encountered\)/],
    ['of another version', `GET /livez HTTP/3.0\r\n${host}\r\n`, 400, /Invalid HTTP version/],
    ['whose chunks have no size', `${chunked}zz\r\n`, 400, /Invalid character in chunk size/],
    ['with two lengths', `${chunked.slice(0, -2)}content-length: 5\r\n\r\n0\r\n\r\n`, 400, /not valid HTTP/],
    ['without a host', 'GET /livez HTTP/1.1\r\n\r\n', 400, /header Host must be the name .* \(got no header\)/],
    ['with two hosts', `GET /livez HTTP/1.1\r\n${host}${host}\r\n`, 400, /header Host .* \(got 2 headers\)/],
    [
      'with an unknown expectation',
      `POST /graphql HTTP/1.1\r\n${host}expect: miracles\r\ncontent-length: 0\r\n\r\n`,
      417,
      /\(got "miracles"\)/,
    ],
    ['for another host', `CONNECT example.org:443 HTTP/1.1\r\n${host}\r\n`, 405, /CONNECT is not supported/],
    ['whose headers do not arrive in time', `GET /livez HTTP/1.1\r\n${host}`, 408, /within 1500 ms/],
    ['whose body does not arrive in time', `${chunked}5\r\nab`, 408, /within 1500 ms/],
  ])('%s', async (_, bytes, status, message) => {
    const [head = '', body = ''] = (await exchange(bytes)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} \\w`))
    const headers = ['content-type: application/json; charset=utf-8', 'connection: close', 'cache-control: no-store']
    for (const header of headers) expect(head.toLowerCase()).toContain(header)
    expect(head).toMatch(/^x-request-id: [0-9a-f-]{36}\r?$/im)
    const json = /transfer-encoding: chunked/i.test(head) ? body.split('\r\n')[1] : body
    const code = status === 408 ? 'TIMEOUT' : 'BAD_USER_INPUT'
    expect(JSON.parse(json as string)).toEqual({
      errors: [{ message: expect.stringMatching(message), extensions: { code } }],
    })
  })
})

it('answers a request of HTTP/1.0 without a host', async () => {
  expect(await exchange('GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /)
})

it.each(['http://localhost/livez', 'HTTP://other.example:80/livez?x=1'])(
  'answers a request for the whole URL %s',
  async (url) => {
    expect(await exchange(`GET ${url} HTTP/1.1\r\n${host}connection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 200 /)
  },
)

it('sends the error to a client that is still sending', async () => {
  const socket = await open()
  socket.write(`GET /livez HTTP/1.1\r\n${host}`)
  for (let sent = 0; sent < 100; sent += 1) {
    socket.write(`a${sent}: ${LARGE}\r\n`)
    await pause(1)
  }
  expect(await rest(socket)).toMatch(/^HTTP\/1.1 431 [\s\S]*"errors"/)
})

it('cuts a refused client that keeps sending', async () => {
  const socket = await open()
  socket.on('error', () => undefined)
  socket.write('NONSENSE\r\n\r\n')
  socket.allowHalfOpen = true
  const endless = setInterval(() => socket.write('x'), 50)
  await new Promise((resolve) => socket.resume().once('close', resolve))
  clearInterval(endless)
})

it('does not run a mutation that arrives after its request timed out', async () => {
  const before = await jobs()
  const socket = await open()
  socket.on('error', () => undefined)
  socket.allowHalfOpen = true
  socket.write(`POST /graphql HTTP/1.1\r\n${host}content-type: application/json\r\n`)
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1.1 408 /)
  socket.write(`content-length: ${CREATE.length}\r\n\r\n${CREATE}`)
  await new Promise((resolve) => socket.resume().once('end', resolve))
  socket.destroy()
  await server.request('{ __typename }')
  expect(await jobs()).toBe(before)
})

it('answers a valid request before a malformed one on the same connection', async () => {
  const before = await jobs()
  const length = `content-length: ${CREATE.length}\r\n\r\n`
  const request = `POST /graphql HTTP/1.1\r\n${host}content-type: application/json\r\n${length}${CREATE}`
  expect(await exchange(`${request}NONSENSE\r\n\r\n`)).toMatch(/^HTTP\/1.1 200 [\s\S]*CreateJobSuccess/)
  await eventually(async () => expect(await jobs()).toBe(before + 1))
})

describe('sends no second response to a request that was answered before its body arrived, and closes', () => {
  const start = `POST /nowhere HTTP/1.1\r\n${host}transfer-encoding: chunked\r\n\r\n`
  it.each([
    ['if the body does not arrive in time', '5\r\nab'],
    ['if the body is malformed', 'zz\r\n'],
  ])('%s', async (_, body) => {
    const socket = await open()
    socket.write(start)
    const answer = await once(socket.setEncoding('utf8'), 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 404/)
    socket.write(body)
    expect(await rest(socket)).not.toContain('HTTP/1.1')
  })
})

it('uses an error code that is not retried', async () => {
  const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers: { a: LARGE } })
  expect([response.status, (await response.json()).errors[0].extensions.code]).toEqual([431, 'BAD_USER_INPUT'])
})
