// A read-only database, such as a standby or a demoted primary: the server reads, reports that it
// is not ready, and recovers by itself.
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { fixedPort } from '../support/fixedPort.ts'
import { migrate } from '../support/migrationSql.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { type StockPostgres, startStockPostgres, withoutStockPostgres } from '../support/stockPostgres.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'
import { databaseUrl, onServer, PRISTINE } from '../support/testRun.ts'

vi.setConfig({ hookTimeout: 180_000, testTimeout: 120_000 })

const CREATE = 'mutation { createJob(input: { userId: "u", content: "c" }) { ... on CreateJobSuccess { created } } }'
const CREATED = { status: 200, body: { data: { createJob: { created: true } } } }
const UNAVAILABLE = { status: 503, body: { errors: [{ extensions: { code: 'UNAVAILABLE' } }] } }
/** All services, each with a short interval. */
const SERVICES = {
  ROLLUP_INTERVAL_SECONDS: '1',
  MAINTENANCE_INTERVAL_SECONDS: '1',
  EVENTS_FILE: join(temporaryDirectory('jobledger-standby-'), 'events.ndjson'),
}
const NOT_READY = { status: 503, body: { reason: 'The database is read-only.' } }

describe.skipIf(withoutStockPostgres('read-only databases'))('a server on a read-only database', () => {
  let primary: StockPostgres
  let standby: StockPostgres

  beforeAll(async () => {
    primary = await startStockPostgres({ wal_level: 'replica' })
    await onServer(primary.url, (client) => client.query(`CREATE DATABASE ledger ${PRISTINE}`))
    await migrate(databaseUrl(primary.url, 'ledger'))
    standby = await primary.addStandby('standby')
  })

  afterEach(endPrograms)

  afterAll(async () => {
    await standby?.destroy()
    await primary?.destroy()
  })

  interface LogLine {
    readonly msg: string
    readonly level: string
    readonly reason?: string
    readonly err?: object
    readonly path?: string
  }

  interface Running {
    readonly program: Program
    ready(): Promise<{ status: number; body: unknown }>
    send(query: string): Promise<{ status: number; body: unknown }>
  }

  async function startOn(postgres: StockPostgres, environment: Record<string, string> = {}): Promise<Running> {
    const port = await fixedPort()
    const url = `http://127.0.0.1:${port}`
    const DATABASE_URL = databaseUrl(postgres.url, 'ledger')
    const program = runProgram('src/main.ts', {
      DATABASE_URL,
      AUTH: 'open',
      NODE_ENV: 'production',
      PORT: String(port),
      ...environment,
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

  const linesOf = ({ program }: Running) =>
    program
      .stdout()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine)

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
    const server = await startOn(standby, SERVICES)
    expect(await server.ready()).toMatchObject(NOT_READY)
    expect(await server.send('{ jobCount }')).toMatchObject({ body: { data: { jobCount: expect.any(Number) } } })
    expect(await server.send(CREATE)).toMatchObject(UNAVAILABLE)
    for (const message of [
      /not ready/,
      /roll-up failed/,
      /maintenance paused/,
      /bulk actions paused/,
      /publishing failed/,
    ])
      await server.program.says(message)
    const reason = 'The database is read-only.'
    // Of services; requests are logged with their paths.
    const faults = linesOf(server).filter(({ path, reason, err }) => !path && (reason ?? err) !== undefined)
    expect(faults.map(({ level, msg, reason, err }) => [level, msg.split(/[,:;]/)[0], reason, err]).sort()).toEqual([
      ['warn', 'bulk actions paused', reason, undefined],
      ['warn', 'maintenance paused', reason, undefined],
      ['warn', 'not ready', reason, undefined],
      ['warn', 'publishing failed', reason, undefined],
      ['warn', 'roll-up failed', reason, undefined],
    ])
    await primary.stop()
    await standby.promote()
    await eventually(async () => expect(await server.ready()).toMatchObject({ status: 200 }), 30_000)
    expect(await server.send(CREATE)).toMatchObject(CREATED)
  })
})
