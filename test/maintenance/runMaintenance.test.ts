// Maintenance in a running server: failures, outages and shutdown.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobState } from '../../src/database/generated/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'
import { abandonJobs } from './abandonedJobs.ts'
import { type LogLine, readableLog } from './logLines.ts'

let database: TestDatabase
let server: TestServer
let lines: LogLine[]

beforeEach(async () => {
  database = await createTestDatabase()
})

afterEach(async () => {
  await server.close()
  await database.drop()
})

async function start(environment: Record<string, string> = {}): Promise<void> {
  const readable = readableLog()
  lines = readable.lines
  server = await startTestServer({
    databaseUrl: database.url,
    environment: { MAINTENANCE_INTERVAL_SECONDS: '1', ...environment },
    log: readable.log,
  })
}

const logged = (part: string, level?: string) =>
  lines.filter((line) => line.msg.includes(part) && (level === undefined || line.level === level))
const run = (sql: string) => onServer(database.url, (client) => client.query(sql))

async function count(state: JobState): Promise<number> {
  const { rows } = await run(`SELECT count(*)::int AS n FROM jobs WHERE state = '${state}'`)
  return rows[0].n
}

describe('a task that fails', () => {
  it('is logged and retried, and stops neither the server nor other tasks', async () => {
    await run('ALTER TABLE jobledger.maintenance_tasks RENAME TO away')
    await start({ RETENTION_DAYS: '1' })
    await eventually(() => expect(logged('maintenance task failed').length).toBeGreaterThan(1))
    expect(logged('maintenance task failed')[0]).toMatchObject({ level: 'error', task: 'cleanupJobs' })
    await abandonJobs(database.url, 1)
    await eventually(async () => expect(await count('FAILED')).toBe(1))
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)
    await run('ALTER TABLE jobledger.away RENAME TO maintenance_tasks')
    await eventually(() => expect(logged('cleanupJobs: nothing to do')).toHaveLength(1))
    expect(logged('maintenance paused')).toEqual([])
  })
})

describe('the last runs', () => {
  const runs = async () => {
    const { data, errors } = await server.request(`{ operations { maintenanceTasks {
      name lastRunAt nextRunAt lastChangeAt lastChanges { outcome jobs } isFailing lastErrorAt lastError } } }`)
    expect(errors).toBeUndefined()
    const tasks = data.operations.maintenanceTasks as { name: string; lastRunAt: string; nextRunAt: string }[]
    return Object.fromEntries(tasks.map((task) => [task.name, task]))
  }
  const NEVER = { lastErrorAt: null, lastError: null, isFailing: false }

  it('are stored with what they changed, also if later runs change nothing, and when the next one is', async () => {
    await start({ RETENTION_DAYS: '1' })
    await eventually(async () =>
      expect(await runs()).toMatchObject({
        forceCancellations: { lastChangeAt: null, lastChanges: [], ...NEVER },
        rescueStuckJobs: { lastChangeAt: null, lastChanges: [], ...NEVER },
        cleanupJobs: { lastChangeAt: null, lastChanges: [], ...NEVER },
      }),
    )
    const { cleanupJobs, rescueStuckJobs } = await runs()
    const betweenMs = (task = rescueStuckJobs) => Date.parse(task?.nextRunAt ?? '') - Date.parse(task?.lastRunAt ?? '')
    expect([betweenMs(), betweenMs(cleanupJobs)]).toEqual([1000, 3_600_000])
    await abandonJobs(database.url, 3)
    const changed = { lastChangeAt: expect.any(String), lastChanges: [{ outcome: 'failed', jobs: 3 }], ...NEVER }
    await eventually(async () => expect((await runs()).rescueStuckJobs).toMatchObject(changed))
    const { lastChangeAt } = (await runs()).rescueStuckJobs as unknown as { lastChangeAt: string }
    await eventually(async () => expect((await runs()).rescueStuckJobs?.lastRunAt).not.toBe(lastChangeAt))
    expect((await runs()).rescueStuckJobs).toMatchObject({ ...changed, lastChangeAt })
  })

  it('are stored with their errors, until one succeeds, and the error after that', async () => {
    await run(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE E'the disk\n is full'; END $$;
      CREATE TRIGGER refuse AFTER UPDATE ON jobs FOR EACH ROW WHEN (OLD.state = 'PROCESSING') EXECUTE FUNCTION refuse()`)
    await abandonJobs(database.url, 1)
    await start()
    const lastError = expect.stringContaining('the disk is full')
    const failed = { isFailing: true, lastErrorAt: expect.any(String), lastError, lastChanges: [] }
    await eventually(async () => expect((await runs()).rescueStuckJobs).toMatchObject(failed))
    expect((await runs()).forceCancellations).toMatchObject(NEVER)
    await run('DROP FUNCTION refuse CASCADE')
    await eventually(async () =>
      expect((await runs()).rescueStuckJobs).toMatchObject({
        ...failed,
        isFailing: false,
        lastChanges: [{ outcome: 'failed', jobs: 1 }],
      }),
    )
  })
})

describe('an outage of the database', () => {
  /** Blocks or allows new connections, and ends the existing sessions. */
  async function setOpen(open: boolean): Promise<void> {
    const elsewhere = new URL(database.url)
    elsewhere.pathname = '/postgres'
    await onServer(elsewhere.href, async (client) => {
      await client.query(`ALTER DATABASE ${database.name} ALLOW_CONNECTIONS ${open}`)
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database.name])
    })
  }

  it('is logged once, however long it lasts, and then the work continues', async () => {
    await abandonJobs(database.url, 1)
    await start()
    await eventually(async () => expect(await count('FAILED')).toBe(1))
    expect(logged('acquired maintenance lock', 'info')).toHaveLength(1)
    for (const outage of [1, 2]) {
      const before = logged('maintenance paused', 'debug').length
      await setOpen(false)
      await eventually(() => expect(logged('maintenance paused', 'debug').length).toBeGreaterThan(before + 1))
      expect(logged('maintenance paused', 'warn')).toHaveLength(outage)
      await setOpen(true)
      await abandonJobs(database.url, 1)
      await eventually(async () => expect(await count('FAILED')).toBe(1 + outage))
      expect(logged('acquired maintenance lock', 'info')).toHaveLength(1 + outage)
    }
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

/** A condition on pg_locks: only locks in this database, not in a copy of the same template. */
const HERE = 'database = (SELECT oid FROM pg_database WHERE datname = current_database())'

describe('closing the server', () => {
  const endings: (() => Promise<unknown>)[] = []

  afterEach(async () => {
    for (const end of endings.splice(0)) await end()
  })

  /**
   * Starts the server with 600 jobs to rescue, which are two batches, and blocks the first batch.
   */
  async function startAndHoldFirstPortion(environment = {}): Promise<{ release(): Promise<void> }> {
    await abandonJobs(database.url, 600)
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    let released: Promise<void> | undefined
    const release = (): Promise<void> => (released ??= client.end())
    endings.push(release)
    await client.query('BEGIN; LOCK TABLE job_states IN EXCLUSIVE MODE')
    await start(environment)
    await eventually(async () => {
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = 'job_states'::regclass AND ${HERE}`,
      )
      expect(rows[0].n).toBe(1)
    })
    return { release }
  }

  it('finishes the running batch, starts no other, and releases the lock', async () => {
    const { release } = await startAndHoldFirstPortion()
    const closed = server.close()
    await release()
    await closed
    expect([await count('FAILED'), await count('PROCESSING')]).toEqual([500, 100])
    const { rows } = await run(`SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND ${HERE}`)
    expect(rows).toEqual([])
    expect(logged('rescueStuckJobs: 500 failed')).toHaveLength(1)
  })

  it('does not wait longer for a batch than for requests, and rolls it back', async () => {
    await startAndHoldFirstPortion({ SHUTDOWN_TIMEOUT_MS: '300' })
    const beganAt = performance.now()
    await server.close()
    const tookMs = performance.now() - beganAt
    expect(tookMs).toBeGreaterThan(250)
    expect(tookMs).toBeLessThan(5000)
    expect(await count('PROCESSING')).toBe(600)
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
  })

  it('does not wait if nothing runs', async () => {
    await start({ MAINTENANCE_INTERVAL_SECONDS: '3600' })
    const beganAt = performance.now()
    await server.close()
    expect(performance.now() - beganAt).toBeLessThan(5000)
    expect(lines.filter(({ task }) => task !== undefined)).toEqual([])
  })
})

describe('with MAINTENANCE_INTERVAL_SECONDS=0', () => {
  it('opens no session for maintenance', async () => {
    await start({ MAINTENANCE_INTERVAL_SECONDS: '0' })
    await abandonJobs(database.url, 1)
    const other = await startTestServer({
      databaseUrl: database.url,
      environment: { MAINTENANCE_INTERVAL_SECONDS: '1' },
    })
    try {
      await eventually(async () => expect(await count('FAILED')).toBe(1))
      const { rows } = await run(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'jobledger maintenance' AND datname = current_database()",
      )
      expect(rows).toHaveLength(1)
    } finally {
      await other.close()
    }
    expect(logged('maintenance')).toEqual([])
  })
})
