// A ledger on a separate database, and jobs that reached their states by real transitions.
import pg from 'pg'
import { connectDatabase, type Database } from '../../src/database/client.ts'
import type { Job, JobState } from '../../src/database/generated/client.ts'
import { minUuidAt } from '../../src/database/uuid.ts'
import { type CreateJobInput, createJob } from '../../src/ledger/createJob.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { type Ledger, openLedger } from '../../src/ledger/ledger.ts'
import type { Limits } from '../../src/ledger/limits.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { createTestDatabase, type TestDatabaseOptions } from './database.ts'

export const ACTOR = 'tester'

export interface TestLedgerOptions extends TestDatabaseOptions {
  readonly limits?: Partial<Limits>
  /** Maximum number of connections. */
  readonly connections?: number
}

export interface TestLedger extends Ledger {
  readonly database: Database
  readonly url: string
  /** A connection that bypasses Prisma and src/ledger, as psql does. Closed with the ledger. */
  session(): Promise<pg.Client>
  /** The text of every statement that `work` makes the ledger send, in order. */
  statementsOf(work: () => Promise<unknown>): Promise<string[]>
  close(): Promise<void>
}

export async function openTestLedger(options: TestLedgerOptions = {}): Promise<TestLedger> {
  const { limits = {}, connections = 16, ...databaseOptions } = options
  const own = await createTestDatabase(databaseOptions)
  const database = connectDatabase({
    url: own.url,
    poolMin: 0,
    poolMax: connections,
    maxLifetimeSeconds: 3600,
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 30_000,
    preparedStatements: true,
    onPoolError: () => undefined,
  })
  const sent: string[] = []
  database.pool.on('connect', (client) => recordStatements(client, sent))
  const sessions: pg.Client[] = []
  return {
    ...openLedger(database, limits),
    database,
    url: own.url,
    async session() {
      const client = new pg.Client({ connectionString: own.url })
      client.on('error', () => undefined)
      await client.connect()
      sessions.push(client)
      return client
    },
    async statementsOf(work) {
      const before = sent.length
      await work()
      return sent.slice(before)
    },
    async close() {
      await Promise.all(sessions.map((client) => client.end()))
      await database.close()
      await own.drop()
    },
  }
}

function recordStatements(client: pg.ClientBase, sent: string[]): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  const recorded = (...args: unknown[]): unknown => {
    const [statement] = args as [string | { text: string }]
    const text = typeof statement === 'string' ? statement : statement.text
    // Sent once per connection, independently of the work.
    if (!text.includes('jobledger.realign_transaction_ids')) sent.push(text)
    return query(...args)
  }
  Object.assign(client, { query: recorded })
}

/** The transitions that bring a new job to each state. */
const PATHS: Record<JobState, JobState[]> = {
  PENDING: [],
  PROCESSING: ['PROCESSING'],
  COMPLETED: ['PROCESSING', 'COMPLETED'],
  FAILED: ['PROCESSING', 'FAILED'],
  CANCELLED: ['CANCELLED'],
}

export async function newJob(ledger: Ledger, input: Partial<CreateJobInput> = {}): Promise<Job> {
  const { job } = await createJob(ledger, { userId: 'user', content: 'content', ...input }, ACTOR)
  return job
}

export async function jobIn(ledger: Ledger, state: JobState, input: Partial<CreateJobInput> = {}): Promise<Job> {
  return moveTo(ledger, await newJob(ledger, input), state)
}

/** Makes a waiting job due, as time would. The guards refuse that. */
export async function makeDue(database: Pick<pg.Pool, 'query'>, id: string): Promise<void> {
  const unguarded = 'BEGIN; SET LOCAL session_replication_role = replica'
  await database.query(`${unguarded}; UPDATE jobs SET run_at = created_at WHERE id = '${id}'; COMMIT`)
}

export async function deletedJob(ledger: Ledger, from: JobState = 'PENDING'): Promise<Job> {
  const { id } = await jobIn(ledger, from)
  const { job } = await deleteJob(ledger, { jobId: id, actor: ACTOR })
  return job as Job
}

/** A job that was created at `createdAt` by its id; its other times are real. */
export async function jobCreatedAt(
  ledger: Ledger,
  createdAt: Date,
  state: JobState = 'PENDING',
  userId = 'user',
): Promise<Job> {
  const suffix = Math.floor(Math.random() * 2 ** 48)
  const id = `${minUuidAt(createdAt).slice(0, 24)}${suffix.toString(16).padStart(12, '0')}`
  const job = await ledger.prisma.job.create({ data: { id, userId, content: 'content', stateActor: ACTOR } })
  return moveTo(ledger, job, state)
}

async function moveTo(ledger: Ledger, from: Job, state: JobState): Promise<Job> {
  let job = from
  for (const to of PATHS[state]) job = await transitionJob(ledger, { jobId: job.id, to, actor: ACTOR })
  return job
}

/** An id that no job has. */
export const MISSING_ID = '01890000-0000-7000-8000-000000000000'
