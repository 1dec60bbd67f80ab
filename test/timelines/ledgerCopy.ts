// A server on a PostgreSQL that is replaced under it, and the checks afterwards.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { countJobs } from '../../src/ledger/countJobs.ts'
import type { LedgerEvent } from '../../src/publishing/ledgerEvent.ts'
import { eventually } from '../support/eventually.ts'
import { migrate } from '../support/migrationSql.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runPostgresProgram, type StockPostgres, startStockPostgres } from '../support/stockPostgres.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

const BASE = { ROLLUP_INTERVAL_SECONDS: '1', DATABASE_CONNECT_TIMEOUT_MS: '2000' }

export interface FollowedServer extends TestServer {
  /** The published events, in order. */
  published(): LedgerEvent[]
}

/** A server with a roll-up and with a publisher that writes a file. */
export async function startFollowedServer(databaseUrl: string): Promise<FollowedServer> {
  const file = join(temporaryDirectory('jobledger-events-'), 'events.ndjson')
  const environment = { ...BASE, EVENTS_FILE: file, PUBLISH_START: 'beginning' }
  const server = await startTestServer({ databaseUrl, environment })
  const lines = (): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return { ...server, published: () => lines().map((line) => JSON.parse(line) as LedgerEvent) }
}

/** A PostgreSQL whose database `postgres` is an empty ledger. */
export async function startLedgerPostgres(settings: Readonly<Record<string, string | number>> = {}) {
  const postgres = await startStockPostgres(settings)
  await migrate(postgres.url)
  return postgres
}

/** Dumps the ledger of a server. Returns the file. */
export async function dump({ url }: StockPostgres): Promise<string> {
  const file = `/tmp/jobledger-dump-${process.pid}-${Date.now()}`
  await runPostgresProgram('pg_dump', ['-Fc', '-f', file, url])
  return file
}

export const restore = ({ url }: StockPostgres, file: string, ...words: string[]): Promise<void> =>
  runPostgresProgram('pg_restore', ['-d', url, ...words, file])

export async function readiness({ url }: TestServer): Promise<{ status: number; reason: string | undefined }> {
  const response = await fetch(`${url}/readyz`)
  return { status: response.status, reason: ((await response.json()) as { reason?: string }).reason }
}

export const CREATE =
  'mutation { createJob(input: { userId: "ada", content: "c" }) { ... on CreateJobSuccess { job { jobId } } } }'

/** Creates jobs. Returns their ids. */
export async function createJobs(server: TestServer, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) {
    const { data } = await server.request(CREATE)
    ids.push(data.createJob.job.jobId)
  }
  return ids
}

export async function cursorOfNow(server: TestServer): Promise<string> {
  return (await server.request<{ latestEventCursor: string }>('{ latestEventCursor }')).data.latestEventCursor
}

/** The counts of the roll-up equal those of the tables, before and after it has caught up. */
export async function expectExactCounts({ ledger }: TestServer): Promise<void> {
  const jobs = await ledger.prisma.job.count()
  expect(await countJobs(ledger, { includeDeleted: true })).toBe(jobs)
  await eventually(async () => {
    const [lag] = await ledger.prisma.$queryRaw<{ count: number }[]>`
      SELECT count(*)::integer AS count FROM job_states, jobledger.consumers
      WHERE name = 'rollup' AND (job_states.transaction_id, job_states.id) > (consumers.transaction_id, record_id)`
    expect(lag?.count).toBe(0)
  }, 30_000)
  expect(await countJobs(ledger, { includeDeleted: true })).toBe(jobs)
  const [sums] = await ledger.prisma.$queryRaw<{ count: number }[]>`
    SELECT sum(count)::integer AS count FROM jobledger.job_counts WHERE user_id = ''`
  expect(sums?.count).toBe(jobs)
}

/** Every record was published on its current timeline, and each event id stands for one content. */
export async function expectAllPublished(server: FollowedServer): Promise<void> {
  const records = await server.ledger.prisma.jobStateRecord.findMany({
    orderBy: [{ transactionId: 'asc' }, { id: 'asc' }],
  })
  await eventually(() => {
    const steps = new Set(
      server.published().map(({ jobId, sequence, timestamp }) => `${jobId}:${sequence} ${timestamp}`),
    )
    for (const { jobId, sequence, timestamp } of records)
      expect(steps).toContain(`${jobId}:${sequence} ${timestamp.toISOString()}`)
  }, 30_000)
  const contents = new Map<string, string>()
  for (const { eventId, cursor: _, ...content } of server.published()) {
    expect(JSON.stringify(content)).toBe(contents.get(eventId) ?? JSON.stringify(content))
    contents.set(eventId, JSON.stringify(content))
  }
}
