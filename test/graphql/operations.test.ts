// Query.operations over HTTP, against what SQL says.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createConsumer } from '../../src/ledger/consumers.ts'
import { BEGINNING } from '../../src/ledger/eventOrder.ts'
import { ROLL_UP } from '../../src/ledger/rollUp.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { jobCreatedAt, jobIn } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

let server: TestServer
let auditor: Record<string, string>

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  auditor = await asUser('auditor', 'AUDITOR')
})
afterAll(() => server.close())

const QUERY = `{ operations { at
  consumers { name lagRecords lagSeconds } maintenanceTasks { name lastRunAt isFinished }
  oldestDueJob { jobId dueAt waitSeconds }
  processing { count stuck expiredLeases moreWorkers workers { actor jobs nextLeaseEnd expiredLeases } } } }`

async function operations() {
  // biome-ignore lint/suspicious/noExplicitAny: an answer of its own
  const { data, errors } = await server.request<any>(QUERY, {}, auditor)
  expect(errors).toBeUndefined()
  return data.operations
}

async function sql(text: string, values: unknown[] = []): Promise<void> {
  await onServer(server.databaseUrl, async (client) => {
    // Moves the times of jobs, which the guards do not allow.
    await client.query('SET session_replication_role = replica')
    await client.query(text, values)
  })
}

const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000)

describe('operations', () => {
  beforeEach(() => sql('DELETE FROM jobs'))

  it('has nothing to show while no job waits or runs', async () => {
    expect(await operations()).toMatchObject({
      oldestDueJob: null,
      processing: { count: 0, stuck: 0, expiredLeases: 0, moreWorkers: 0, workers: [] },
    })
  })

  it('names the job that has been due the longest, of any priority, but none that is not due yet', async () => {
    const soon = new Date(Date.now() + 3_600_000)
    await jobIn(server.ledger, 'PENDING', { priority: 9, runAt: soon })
    await jobIn(server.ledger, 'PENDING', { priority: 5 })
    const oldest = await jobCreatedAt(server.ledger, hoursAgo(3))
    await sql('UPDATE jobs SET priority = -3, run_at = $2 WHERE id = $1', [oldest.id, hoursAgo(2)])
    const { oldestDueJob } = await operations()
    expect(oldestDueJob.jobId).toBe(oldest.id)
    expect(oldestDueJob.waitSeconds).toBeGreaterThan(7000)
  })

  it('counts the jobs, leases and expired leases of each worker', async () => {
    for (const _ of [1, 2, 3]) await jobIn(server.ledger, 'PENDING')
    const worker = await asUser('worker-1', 'WORKER')
    await server.request(
      'mutation { claimJobs(input: { workerId: "w", limit: 2, leaseSeconds: 600 }) { __typename } }',
      {},
      worker,
    )
    const late = await jobCreatedAt(server.ledger, hoursAgo(3), 'PROCESSING')
    await sql('UPDATE jobs SET started_at = $2, lease_expires_at = $3 WHERE id = $1', [
      late.id,
      hoursAgo(2),
      hoursAgo(1),
    ])
    const { processing } = await operations()
    expect(processing).toMatchObject({ count: 3, stuck: 1, expiredLeases: 1, moreWorkers: 0 })
    expect(processing.workers).toMatchObject([
      { actor: 'user:worker-1', jobs: 2, expiredLeases: 0 },
      { actor: 'tester', jobs: 1, expiredLeases: 1 },
    ])
    expect(Date.parse(processing.workers[0].nextLeaseEnd)).toBeGreaterThan(Date.now())
  })

  it('shows 100 workers, and the exact number of the others', async () => {
    for (let index = 0; index < 103; index += 1) await jobIn(server.ledger, 'PROCESSING')
    await sql(`UPDATE jobs SET state_actor = 'worker-' || id WHERE state = 'PROCESSING'`)
    const { processing } = await operations()
    expect(processing.workers).toHaveLength(100)
    expect(processing).toMatchObject({ count: 103, moreWorkers: 3 })
  })

  it('shows the connections in use and the statements that wait, of the replica that answers', async () => {
    const busy = await startTestServer({
      databaseUrl: server.databaseUrl,
      // The lock lasts as long as the test needs it.
      environment: { ...PROTECTED, DATABASE_POOL_MAX: '4', DATABASE_CONNECT_TIMEOUT_MS: '60000' },
    })
    const other = await asUser('other-auditor', 'AUDITOR')
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    const replica = async () => {
      // The statements for the other fields do not count.
      const query = `{ operations { at consumers { name } maintenanceTasks { name }
        replica { version startedAt connections { max open inUse waiting } } } }`
      const { startedAt, ...others } = (await busy.request(query, {}, other)).data.operations.replica
      expect(Date.parse(startedAt)).toBeLessThanOrEqual(Date.now())
      return others
    }
    const reads = await onServer(server.databaseUrl, async (client) => {
      await client.query('BEGIN')
      await client.query('LOCK TABLE jobs')
      // Of the four connections, callers share two, and one caller gets one of them.
      const sent = [1, 2, 3].map(() => busy.request('{ jobs(first: 1) { nodes { jobId } } }', {}, auditor))
      await expect.poll(replica).toMatchObject({ version, connections: { max: 4, inUse: 1, waiting: 2 } })
      await client.query('COMMIT')
      return sent
    })
    expect((await Promise.all(reads)).map(({ errors }) => errors)).toEqual([undefined, undefined, undefined])
    await expect.poll(replica).toMatchObject({ connections: { open: expect.any(Number), inUse: 0, waiting: 0 } })
    await busy.close()
  })

  it('shows how far the roll-up is behind, until a replica keeps it', async () => {
    await jobIn(server.ledger, 'PENDING')
    const rollUp = async () => (await operations()).consumers.find(({ name }: { name: string }) => name === ROLL_UP)
    const behind = await rollUp()
    expect(behind.lagRecords).toBeGreaterThan(0)
    expect(behind.lagSeconds).toBeGreaterThan(0)
    const environment = { ...PROTECTED, ROLLUP_INTERVAL_SECONDS: '1' }
    const replica = await startTestServer({ databaseUrl: server.databaseUrl, environment })
    await expect.poll(rollUp).toMatchObject({ lagRecords: 0, lagSeconds: 0 })
    await replica.close()
  })

  it('shows how far a consumer is behind, and the maintenance tasks that have run', async () => {
    await createConsumer(server.ledger, 'file:/late', BEGINNING)
    await sql(`INSERT INTO jobledger.maintenance_tasks VALUES ('half-done', now(), gen_random_uuid())`)
    await jobIn(server.ledger, 'PENDING')
    const { consumers, maintenanceTasks } = await operations()
    const late = consumers.find(({ name }: { name: string }) => name === 'file:/late')
    expect(late.lagRecords).toBeGreaterThan(0)
    expect(maintenanceTasks).toContainEqual({ name: 'half-done', lastRunAt: expect.any(String), isFinished: false })
  })
})
