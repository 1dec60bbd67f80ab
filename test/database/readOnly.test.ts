// A read-only database, such as a standby or a demoted primary: the server reads, reports that it
// is not ready, and recovers by itself.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { applyMigrations } from '../../src/database/migrations.ts'
import { eventually } from '../support/eventually.ts'
import { fixedPort } from '../support/fixedPort.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { type StockPostgres, startStockPostgres, withoutStockPostgres } from '../support/stockPostgres.ts'
import { databaseUrl, onServer, PRISTINE } from '../support/testRun.ts'

vi.setConfig({ hookTimeout: 180_000, testTimeout: 120_000 })

const CREATE = 'mutation { createJob(input: { userId: "u", content: "c" }) { ... on CreateJobSuccess { created } } }'
const CREATED = { status: 200, body: { data: { createJob: { created: true } } } }
const UNAVAILABLE = { status: 503, body: { errors: [{ extensions: { code: 'UNAVAILABLE' } }] } }
const NOT_READY = { status: 503, body: { reason: 'The database is read-only.' } }

describe.skipIf(withoutStockPostgres('read-only databases'))('a server on a read-only database', () => {
  let primary: StockPostgres
  let standby: StockPostgres

  beforeAll(async () => {
    primary = await startStockPostgres({ wal_level: 'replica' })
    await onServer(primary.url, (client) => client.query(`CREATE DATABASE ledger ${PRISTINE}`))
    await applyMigrations(databaseUrl(primary.url, 'ledger'))
    standby = await primary.addStandby('standby')
  })

  afterEach(endPrograms)

  afterAll(async () => {
    await standby?.destroy()
    await primary?.destroy()
  })

  interface Running {
    readonly program: Program
    ready(): Promise<{ status: number; body: unknown }>
    send(query: string): Promise<{ status: number; body: unknown }>
  }

  async function startOn(postgres: StockPostgres): Promise<Running> {
    const port = await fixedPort()
    const url = `http://127.0.0.1:${port}`
    const DATABASE_URL = databaseUrl(postgres.url, 'ledger')
    const program = runProgram('src/main.ts', {
      DATABASE_URL,
      AUTH: 'open',
      NODE_ENV: 'production',
      PORT: String(port),
    })
    const answer = async (path: string, init?: RequestInit) => {
      const response = await fetch(`${url}${path}`, init)
      return { status: response.status, body: await response.json() }
    }
    await program.says(/"msg":"listening"/)
    return {
      program,
      ready: () => answer('/readyz'),
      send: (query) =>
        answer('/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query }),
        }),
    }
  }

  it('recovers when a demoted primary is writable again', async () => {
    const server = await startOn(primary)
    expect(await server.send(CREATE)).toMatchObject(CREATED)
    const setReadOnly = (value: string) =>
      onServer(primary.url, async (client) => {
        await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`)
        await client.query('SELECT pg_reload_conf()')
      })
    await setReadOnly('on')
    await eventually(async () => expect(await server.send(CREATE)).toMatchObject(UNAVAILABLE))
    await eventually(async () => expect(await server.ready()).toMatchObject(NOT_READY))
    expect(await server.send('{ jobCount }')).toMatchObject({ body: { data: { jobCount: expect.any(Number) } } })
    await setReadOnly('off')
    await eventually(async () => expect(await server.ready()).toMatchObject({ status: 200 }))
    expect(await server.send(CREATE)).toMatchObject(CREATED)
  })

  it('starts on a standby, reads, and is ready after its promotion', async () => {
    const server = await startOn(standby)
    expect(await server.ready()).toMatchObject(NOT_READY)
    expect(await server.send('{ jobCount }')).toMatchObject({ body: { data: { jobCount: expect.any(Number) } } })
    expect(await server.send(CREATE)).toMatchObject(UNAVAILABLE)
    expect(server.program.stdout()).toMatch(/"reason":"The database is read-only\."/)
    const [line] = await server.program.says(/.*roll-up failed.*/)
    expect(JSON.parse(line)).toMatchObject({
      level: 'warn',
      reason: 'The database is read-only.',
    })
    expect(line).not.toContain('stack')
    await primary.stop()
    await standby.promote()
    await eventually(async () => expect(await server.ready()).toMatchObject({ status: 200 }), 30_000)
    expect(await server.send(CREATE)).toMatchObject(CREATED)
  })
})
