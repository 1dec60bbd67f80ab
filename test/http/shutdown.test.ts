// Shutdown: running requests finish, new ones are refused, and nothing hangs.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer, type TestServerOptions } from '../support/server.ts'

const endings: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function start(options?: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer(options)
  endings.push(() => server.close())
  return server
}

/** Locks the table, so that every request that reads jobs waits until `release`. */
async function holdJobs(server: TestServer): Promise<{ release(): Promise<void>; waiting(): Promise<number> }> {
  const client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  await client.query('BEGIN; LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE')
  let released: Promise<void> | undefined
  const release = (): Promise<void> => (released ??= client.end())
  endings.push(release)
  return {
    release,
    async waiting() {
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM pg_locks
          WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      )
      return rows[0].n
    },
  }
}

async function openSocket(server: TestServer): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  endings.push(async () => socket.destroy())
  return socket
}

async function exchange(socket: Socket, path: string): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  await once(socket, 'close')
  return text
}

describe('closing the server', () => {
  it('waits for a running request and closes its connection', async () => {
    const server = await start()
    const jobs = await holdJobs(server)
    const answer = server.request('{ jobs { nodes { id } } }')
    await expect.poll(() => jobs.waiting()).toBe(1)
    const closed = server.close()
    await jobs.release()
    const { status, data, headers } = await answer
    expect({ status, data, connection: headers.get('connection') }).toEqual({
      status: 200,
      data: { jobs: { nodes: [] } },
      connection: 'close',
    })
    await closed
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow()
  })

  it('responds on an open connection that it is not ready, and closes it', async () => {
    const server = await start()
    const jobs = await holdJobs(server)
    const socket = await openSocket(server)
    const answer = server.request('{ jobs { nodes { id } } }')
    await expect.poll(() => jobs.waiting()).toBe(1)
    const closed = server.close()
    const text = await exchange(socket, '/readyz')
    expect(text).toMatch(/^HTTP\/1\.1 503 /)
    expect(text).toMatch(/\r\nconnection: close\r\n/i)
    expect(text).toContain('The server is shutting down.')
    await jobs.release()
    expect((await answer).status).toBe(200)
    await closed
  })

  it('cuts a request that takes longer than the shutdown timeout', async () => {
    const server = await start({ environment: { SHUTDOWN_TIMEOUT_MS: '300' } })
    const jobs = await holdJobs(server)
    const answer = server.request('{ jobs { nodes { id } } }').catch((error: Error) => error)
    await expect.poll(() => jobs.waiting()).toBe(1)
    const startedAt = performance.now()
    const closed = server.close()
    expect(await answer).toBeInstanceOf(Error)
    const tookMs = performance.now() - startedAt
    expect(tookMs).toBeGreaterThan(250)
    expect(tookMs).toBeLessThan(5000)
    await jobs.release()
    await closed
  })

  it('does not wait for idle connections', async () => {
    const server = await start()
    const silent = await openSocket(server)
    await server.request('{ __typename }')
    const startedAt = performance.now()
    await Promise.all([server.close(), once(silent, 'close')])
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })
})
