// The lock: one process holds it, and another gets it as soon as the session of the first is gone,
// for any reason.
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AdvisoryLock, openAdvisoryLock } from '../../src/database/advisoryLock.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { onServer } from '../support/testRun.ts'

let database: TestDatabase
const locks: AdvisoryLock[] = []

beforeEach(async () => {
  database = await createTestDatabase({ empty: true })
})

afterEach(async () => {
  for (const lock of locks.splice(0)) await lock.release()
  await database.drop()
})

function open(url = database.url): AdvisoryLock {
  const lock = openAdvisoryLock('maintenance', { url, statementTimeoutMs: 5000, connectTimeoutMs: 5000 })
  locks.push(lock)
  return lock
}

/**
 * Ends the sessions of maintenance, as a crash or a network failure would. Returns their number.
 */
async function endSessions(): Promise<number> {
  return await onServer(database.url, async (client) => {
    const { rowCount } = await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'jobledger maintenance' AND datname = current_database()`,
    )
    return rowCount ?? 0
  })
}

describe('the lock', () => {
  it('belongs to one holder, however often it is requested, until its release', async () => {
    const [first, second] = [open(), open()]
    expect(await first.isHeld()).toBe(false)
    expect(await first.hold()).toBe(true)
    expect(await second.hold()).toBe(false)
    expect(await first.hold()).toBe(true)
    expect([await first.isHeld(), await second.isHeld()]).toEqual([true, false])
    await first.release()
    expect(await first.isHeld()).toBe(false)
    expect(await second.hold()).toBe(true)
    expect(await first.hold()).toBe(false)
  })

  it('is a different one in each database', async () => {
    const other = await createTestDatabase({ empty: true })
    try {
      expect(await open().hold()).toBe(true)
      const elsewhere = open(other.url)
      expect(await elsewhere.hold()).toBe(true)
      await elsewhere.release()
    } finally {
      await other.drop()
    }
  })

  it('is lost with its session, and taken again by a new one', async () => {
    const [first, second] = [open(), open()]
    expect(await first.hold()).toBe(true)
    expect(await endSessions()).toBe(1)
    await eventually(async () => expect(await first.isHeld()).toBe(false))
    expect(await second.hold()).toBe(true)
    expect(await first.hold()).toBe(false)
    await second.release()
    expect(await first.hold()).toBe(true)
  })

  it('delays neither VACUUM nor the consumers, however long it is held', async () => {
    expect(await open().hold()).toBe(true)
    await onServer(database.url, async (client) => {
      const { rows } = await client.query(
        `SELECT state, backend_xid, backend_xmin FROM pg_stat_activity WHERE application_name = 'jobledger maintenance'
         AND datname = current_database()`,
      )
      expect(rows).toEqual([{ state: 'idle in transaction', backend_xid: null, backend_xmin: null }])
    })
  })

  it('is held although idle transactions are ended on this server', async () => {
    await onServer(database.url, (client) =>
      client.query(`ALTER DATABASE ${database.name} SET idle_in_transaction_session_timeout = 50`),
    )
    const lock = open()
    expect(await lock.hold()).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await lock.isHeld()).toBe(true)
  })

  it('throws while there is no database', async () => {
    const lock = open('postgresql://127.0.0.1:1/none')
    await expect(lock.hold()).rejects.toThrow('ECONNREFUSED')
    expect(await lock.isHeld()).toBe(false)
  })
})

describe('a database that does not answer', () => {
  const sockets: Socket[] = []
  let silent: Server

  beforeEach(async () => {
    silent = createServer((socket) => void sockets.push(socket))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  })

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await new Promise((resolve) => silent.close(resolve))
  })

  it('is awaited only until the signal is aborted', async () => {
    const { port } = silent.address() as { port: number }
    const lock = open(`postgresql://127.0.0.1:${port}/none`)
    const stopping = new AbortController()
    const beganAt = performance.now()
    const answer = lock.hold(stopping.signal).catch((error: Error) => error)
    await eventually(() => expect(sockets).toHaveLength(1))
    stopping.abort()
    expect(await answer).toBeInstanceOf(Error)
    expect(performance.now() - beganAt).toBeLessThan(4000)
  })
})
