// The connection pool: the settings of each session, the number of connections, and broken
// connections.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { withAbortSignal } from '../../src/database/cancellation.ts'
import { connectDatabase, type Database, type DatabaseSettings } from '../../src/database/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const opened: (Database | TestDatabase)[] = []

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await ('drop' in one ? one.drop() : one.close())
})

async function open(settings: Partial<DatabaseSettings> = {}, inUrl = ''): Promise<Database> {
  const own = await createTestDatabase({ timezone: 'Asia/Tokyo' })
  const database = connectDatabase({
    url: `${own.url}${inUrl}`,
    poolMin: 0,
    poolMax: 3,
    maxLifetimeSeconds: 3600,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 5000,
    preparedStatements: true,
    onPoolError: () => undefined,
    ...settings,
  })
  opened.push(own, database)
  return database
}

async function setting({ prisma }: Database, name: string): Promise<unknown> {
  const rows = await prisma.$queryRaw<{ value: string }[]>`SELECT current_setting(${name}) AS value`
  return rows[0]?.value
}

const pidOf = async ({ pool }: Database) =>
  (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid

describe('a session', () => {
  it('is in UTC whatever the default of the database, has a timeout and names its application', async () => {
    const database = await open({ statementTimeoutMs: 1234 })
    expect(await setting(database, 'TimeZone')).toBe('UTC')
    expect(await setting(database, 'statement_timeout')).toBe('1234ms')
    expect(await setting(database, 'application_name')).toBe('jobledger')
  })

  it('stays open while it is idle, whatever the default of the database', async () => {
    const database = await open({ poolMin: 1, poolMax: 1 })
    await database.pool.query(
      `DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET idle_session_timeout = 50', current_database()); END$$`,
    )
    // A new session, with the new default.
    await database.pool.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
    const pid = await pidOf(database)
    await sleep(500)
    expect(await pidOf(database)).toBe(pid)
  })

  it('keeps the options of the URL, but its own take precedence', async () => {
    const database = await open({}, `?options=${encodeURIComponent('-c work_mem=5MB -c TimeZone=Asia/Tokyo')}`)
    expect(await setting(database, 'work_mem')).toBe('5MB')
    expect(await setting(database, 'TimeZone')).toBe('UTC')
  })

  it('reads and writes times unchanged', async () => {
    const { prisma } = await open()
    const instant = new Date('2026-03-29T00:59:59.999Z')
    const rows = await prisma.$queryRaw<{ read: Date; written: number }[]>`
      SELECT '2026-03-29 00:59:59.999+00'::timestamptz AS read, (extract(epoch FROM ${instant}::timestamptz) * 1000)::float8 AS written`
    expect(rows).toEqual([{ read: instant, written: instant.getTime() }])
  })

  it('cancels a statement that takes too long, and runs the next', async () => {
    const database = await open({ statementTimeoutMs: 100 })
    await expect(database.prisma.$queryRaw`SELECT pg_sleep(5)::text`).rejects.toThrow('statement timeout')
    expect(await setting(database, 'TimeZone')).toBe('UTC')
  })
})

describe('statements', () => {
  const prepared = async ({ pool }: Database) =>
    (await pool.query<{ name: string }>("SELECT name FROM pg_prepared_statements WHERE name LIKE 'jobledger%'")).rows

  it('are prepared once for each connection when that is asked for', async () => {
    const database = await open({ preparedStatements: true, poolMax: 1 })
    for (let times = 0; times < 3; times += 1) await database.prisma.job.findMany({ take: 1 })
    expect(await prepared(database)).toHaveLength(1)
    await database.prisma.jobResult.findMany({ take: 1 })
    expect(await prepared(database)).toHaveLength(2)
  })

  it('are not prepared when that is not', async () => {
    const database = await open({ preparedStatements: false, poolMax: 1 })
    for (let times = 0; times < 3; times += 1) await database.prisma.job.findMany({ take: 1 })
    expect(await prepared(database)).toEqual([])
  })

  it('beyond 500 run unprepared, those before them stay prepared', async () => {
    const database = await open({ poolMax: 1 })
    for (let n = 0; n < 510; n += 1) await database.prisma.$queryRawUnsafe(`SELECT ${n} AS n`)
    expect(await prepared(database)).toHaveLength(500)
    expect(await database.prisma.$queryRawUnsafe('SELECT 505 AS n')).toEqual([{ n: 505 }])
  })
})

describe('the pool', () => {
  it('opens at most `poolMax` connections; the next caller waits', async () => {
    const database = await open({ poolMin: 1, poolMax: 3 })
    await Promise.all(Array.from({ length: 9 }, () => database.prisma.$queryRaw`SELECT pg_sleep(0.05)::text`))
    expect(database.pool.totalCount).toBe(3)
  })

  it('does not wait forever: a caller without a connection gets an error in time', async () => {
    // Connecting alone takes time on a loaded machine.
    const database = await open({ poolMax: 1, connectTimeoutMs: 1000 })
    // Prisma starts a statement when it is awaited.
    const busy = Promise.resolve(database.prisma.$queryRaw`SELECT pg_sleep(3)::text`)
    await eventually(() => expect(database.pool.totalCount - database.pool.idleCount).toBe(1))
    const reported: [string, number][] = []
    const onStatement = (text: string, durationMs: number): void => void reported.push([text, durationMs])
    const waiting = () => Promise.resolve(database.prisma.$queryRaw`SELECT 1`)
    await expect(withAbortSignal(new AbortController(), waiting, { onStatement })).rejects.toThrow(
      'All connections to the database are in use. Send the request again later.',
    )
    expect(reported).toEqual([['SELECT 1', expect.any(Number)]])
    expect(reported[0]?.[1]).toBeGreaterThan(900)
    await busy
  })

  it('waits for a turn of the thread after a large result, and not after a small or a failed one', async () => {
    const { pool } = await open()
    const { signal } = new AbortController()
    const turns: string[] = []
    const run = (text: string) =>
      withAbortSignal({ signal }, async () => pool.query(text), { turn: async () => void turns.push(text) })
    const large = "SELECT repeat('x', 100000)"
    await run('SELECT 1')
    await run(large)
    await expect(run(`${large}, 1 / count(*) FILTER (WHERE false)`)).rejects.toThrow('division by zero')
    expect(turns).toEqual([large])
  })

  it('replaces a connection at its maximum age', async () => {
    const database = await open({ poolMax: 1, maxLifetimeSeconds: 1 })
    const first = await pidOf(database)
    expect(await pidOf(database)).toBe(first)
    await eventually(async () => expect(await pidOf(database)).not.toBe(first))
  })

  it('reports an idle connection that broke, replaces it, and does not end the process', async () => {
    const errors: Error[] = []
    const database = await open({ poolMax: 2, onPoolError: (error) => errors.push(error) })
    const [first, second] = [await database.pool.connect(), await database.pool.connect()]
    const { rows } = await first.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    first.release()
    await second.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    second.release()
    await eventually(() => expect(errors).toHaveLength(1))
    expect(errors[0]?.message).toContain('terminating connection')
    expect(await setting(database, 'TimeZone')).toBe('UTC')
  })

  it('is empty when it is closed', async () => {
    const database = await open()
    await database.prisma.$queryRaw`SELECT 1`
    await database.close()
    opened.splice(opened.indexOf(database), 1)
    expect(database.pool.totalCount).toBe(0)
  })
})
