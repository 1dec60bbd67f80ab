// The environment variables of maintenance and of the time between attempts, which the server
// passes to the database.
import { afterEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { DEFAULT_RETRY_DELAY } from '../../src/database/retryDelay.ts'
import { failJob } from '../../src/ledger/finishJob.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'
import { claimedJob } from './abandonedJobs.ts'

describe('the settings', () => {
  it('have defaults: a round every 5 seconds, and no deletion', () => {
    expect(parseConfig({}).maintenance).toEqual({
      intervalSeconds: 5,
      retentionDays: undefined,
      refusalsDays: 30,
    })
    expect(parseConfig({}).database).toMatchObject(DEFAULT_RETRY_DELAY)
    const environment = { MAINTENANCE_INTERVAL_SECONDS: '0', RETENTION_DAYS: '90', REFUSALS_DAYS: '365' }
    expect(parseConfig(environment).maintenance).toEqual({ intervalSeconds: 0, retentionDays: 90, refusalsDays: 365 })
  })

  it.each([
    ['RETENTION_DAYS', '0', 'RETENTION_DAYS must be an integer from 1 to 36500 (got "0").'],
    ['RETENTION_DAYS', '36501', 'RETENTION_DAYS must be an integer from 1 to 36500 (got "36501").'],
    ['REFUSALS_DAYS', '0', 'REFUSALS_DAYS must be an integer from 1 to 36500 (got "0").'],
    ['MAINTENANCE_INTERVAL_SECONDS', '-1', 'MAINTENANCE_INTERVAL_SECONDS must be an integer from 0 to 86400 (got'],
    ['JOB_RETRY_BASE_MS', '1s', 'JOB_RETRY_BASE_MS must be an integer from 0 to 86400000 (got "1s").'],
    ['JOB_RETRY_MAX_MS', '0.5', 'JOB_RETRY_MAX_MS must be an integer from 0 to 2147483647 (got "0.5").'],
  ])('refuse %s=%s', (name, value, sentence) => {
    expect(() => parseConfig({ [name]: value })).toThrow(sentence)
  })
})

describe('the time between two attempts', () => {
  let database: TestDatabase
  let server: TestServer

  afterEach(async () => {
    await server.close()
    await database.drop()
  })

  async function start(environment: Record<string, string>, settings: string[] = []): Promise<void> {
    database = await createTestDatabase()
    await onServer(database.url, async (client) => {
      for (const setting of settings) await client.query(`ALTER DATABASE ${database.name} SET ${setting}`)
    })
    server = await startTestServer({
      databaseUrl: database.url,
      environment: { MAINTENANCE_INTERVAL_SECONDS: '0', ...environment },
    })
  }

  /** Fails a job that has attempts left, and returns the milliseconds until it is due again. */
  async function delayMs(): Promise<number> {
    const { id, version } = await claimedJob(server.ledger, 60, { maxAttempts: 2 })
    await failJob(server.ledger, { jobId: id, expectedVersion: version, actor: 'w', errorMessage: 'no' })
    const job = await getJob(server.ledger, id)
    return Number(job?.runAt) - Number(job?.updatedAt)
  }

  it('is set by the environment', async () => {
    await start({ JOB_RETRY_BASE_MS: '40000000', JOB_RETRY_MAX_MS: '40000000' })
    const ms = await delayMs()
    expect(ms).toBeGreaterThanOrEqual(20_000_000)
    expect(ms).toBeLessThanOrEqual(40_000_000)
  })

  it('is set by the database if the environment has the defaults', async () => {
    await start({ JOB_RETRY_BASE_MS: '10000' }, ['jobledger.retry_base_ms = 100', 'jobledger.retry_max_ms = 50'])
    expect(await delayMs()).toBeLessThanOrEqual(50)
  })

  it('has the same defaults in the database and in the configuration', async () => {
    await start({})
    const { rows } = await onServer(database.url, (client) =>
      client.query(`SELECT failures, extract(epoch FROM min(delay))::float8 * 1000 AS least, extract(epoch FROM max(delay))::float8 * 1000 AS most
        FROM (SELECT failures, jobledger.retry_delay(failures) AS delay
          FROM unnest(ARRAY[1, 60]) AS failures CROSS JOIN generate_series(1, 2000)) AS tried
        GROUP BY failures ORDER BY failures`),
    )
    for (const [index, limit] of [DEFAULT_RETRY_DELAY.retryBaseMs, DEFAULT_RETRY_DELAY.retryMaxMs].entries()) {
      expect(rows[index].least / limit).toBeCloseTo(0.5, 1)
      expect(rows[index].most / limit).toBeCloseTo(1, 1)
      expect(rows[index].most).toBeLessThanOrEqual(limit)
    }
  })
})
