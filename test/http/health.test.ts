// The health checks /livez and /readyz.
import { afterEach, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer, type TestServerOptions } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

const servers: TestServer[] = []

async function start(options?: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer(options)
  servers.push(server)
  return server
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function ask(server: TestServer, path: string): Promise<{ status: number; body: unknown; text: string }> {
  const response = await fetch(`${server.url}${path}`)
  const text = await response.text()
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  return { status: response.status, body: JSON.parse(text), text }
}

describe('/livez', () => {
  it('responds while the process runs', async () => {
    expect(await ask(await start(), '/livez')).toMatchObject({ status: 200, body: { status: 'alive' } })
  })

  it('responds while the database is unreachable', async () => {
    const server = await start({ databaseUrl: 'postgresql://nobody:secret@127.0.0.1:1/none' })
    expect((await ask(server, '/livez')).status).toBe(200)
  })

  it('refuses methods other than GET and HEAD', async () => {
    const server = await start()
    const response = await fetch(`${server.url}/livez`, { method: 'POST', body: 'x' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('/readyz', () => {
  it('responds with 200 when the database is reachable and has all migrations', async () => {
    expect(await ask(await start(), '/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } })
  })

  it('responds with 503 and no secrets when the database is unreachable', async () => {
    const server = await start({ databaseUrl: 'postgresql://nobody:secret@127.0.0.1:1/none' })
    const { status, body, text } = await ask(server, '/readyz')
    expect({ status, body }).toEqual({
      status: 503,
      body: { status: 'not ready', reason: 'The database does not answer.' },
    })
    expect(text).not.toMatch(/secret|nobody|127\.0\.0\.1/)
  })

  it('responds with 503 when the database has no migrations', async () => {
    const server = await start({ database: { empty: true } })
    const { status, body } = await ask(server, '/readyz')
    expect(status).toBe(503)
    expect(body).toEqual({ status: 'not ready', reason: 'The database has no schema yet.' })
  })

  it('responds with 503 when the database lacks a migration', async () => {
    const server = await start()
    await server.database.pool.query(
      'DELETE FROM _prisma_migrations WHERE migration_name = (SELECT max(migration_name) FROM _prisma_migrations)',
    )
    const { status, body } = await ask(server, '/readyz')
    expect({ status, body }).toEqual({
      status: 503,
      body: { status: 'not ready', reason: 'The database schema is behind this version of the server.' },
    })
  })

  it.each([
    ['stays ready', 'marked as compatible', true],
    ['responds with 503', 'that is not marked', false],
  ])('%s while the database has a newer migration %s', async (_, __, isMarked) => {
    const server = await start()
    const later = '29990101000000_later'
    if (isMarked) await server.database.pool.query('INSERT INTO jobledger.compatible_migrations VALUES ($1)', [later])
    await server.database.pool.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', '', $1, now())`,
      [later],
    )
    const { status, body } = await ask(server, '/readyz')
    const reason = 'The database has migrations that this version of the server cannot run on.'
    expect([status, body]).toEqual(isMarked ? [200, { status: 'ready' }] : [503, { status: 'not ready', reason }])
  })

  it('notices within seconds that the database was dropped', async () => {
    const server = await start()
    expect((await ask(server, '/readyz')).status).toBe(200)
    const name = new URL(server.databaseUrl).pathname.slice(1)
    await onServer(maintenanceUrl(server.databaseUrl), (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
    await expect.poll(async () => (await ask(server, '/readyz')).status, { timeout: 10_000 }).toBe(503)
  })

  it('queries the database once for concurrent requests', async () => {
    const server = await start()
    const before = await committed(server)
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(server, '/readyz')))
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect((await committed(server)) - before).toBeLessThan(10)
  })
})

function maintenanceUrl(url: string): string {
  const other = new URL(url)
  other.pathname = '/postgres'
  return other.href
}

/** Number of transactions that the database has committed. */
async function committed({ databaseUrl }: TestServer): Promise<number> {
  return await onServer(databaseUrl, async (client) => {
    await client.query('SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()')
    const { rows } = await client.query(
      'SELECT xact_commit::int AS count FROM pg_stat_database WHERE datname = current_database()',
    )
    return rows[0].count
  })
}
