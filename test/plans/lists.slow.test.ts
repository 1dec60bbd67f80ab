// The plan of every list of the contract with 200,000 jobs and as many records: an index
// provides the rows in order. The test inspects the statements that the server actually sends.
import pg from 'pg'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { cursorOf } from '../../bench/cases/cursors.ts'
import { filters } from '../../bench/cases/filtered.ts'
import { deepLists, type List } from '../../bench/cases/listed.ts'
import { BATCH_SIZE } from '../../bench/rows.ts'
import { MAX_PROCESSING } from '../../src/ledger/processingJobs.ts'
import { type LargeLedger, startLargeLedger } from '../support/largeLedger.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type SentStatement, type StatementLog } from '../support/statements.ts'
import { moreReads, type Read } from './moreReads.ts'
import { type PlanFacts, planFacts, plannersOf } from './plans.ts'

// Loading the rows takes time on a loaded machine.
vi.setConfig({ hookTimeout: 300_000, testTimeout: 120_000 })

const JOBS = 200_000
const WITH_HISTORY = 50_000
const DEPTH = 20_000

/** A page, and the row that shows whether there are more. */
const PAGE = 21

let ledger: LargeLedger
let server: TestServer
let client: pg.Client
let log: StatementLog

beforeAll(async () => {
  ledger = await startLargeLedger({ jobs: JOBS, withHistory: WITH_HISTORY })
  server = await startTestServer({ databaseUrl: ledger.url })
  log = logStatements(server)
  client = new pg.Client({ connectionString: server.databaseUrl, options: '-c TimeZone=UTC' })
  await client.connect()
})

afterAll(async () => {
  await client?.end()
  await server?.close()
  await ledger?.stop()
})

/** What a list may do besides reading its page in order, and why. */
interface Allowance {
  readonly sorted?: number
  readonly read?: number
}

/**
 * Maximum number of rows skipped because they do not match the rest of a filter, if matching rows
 * are not rare.
 */
const READ = 40 * PAGE

const OF_EACH_VALUE: Allowance = { sorted: 4 * PAGE }
/** A GIN index has no order: all rows with the value are sorted. */
const BATCH: Allowance = { sorted: BATCH_SIZE, read: 2 * BATCH_SIZE }
/** The histories of as many jobs as a page has records. */
const OF_A_USER: Allowance = { sorted: 10 * PAGE }

const ALLOWANCES: Readonly<Record<string, Allowance>> = {
  'jobs of several states': OF_EACH_VALUE,
  'jobs of several presets': OF_EACH_VALUE,
  // All existing ones.
  'jobs of rare presets': BATCH,
  // Without an index for user and state, rows of other states are skipped.
  'jobs of a user with many and several states': { ...OF_EACH_VALUE, read: 200 * PAGE },
  // Without an index for user and actor, rows of other actors are skipped.
  'jobs of an actor and a user': { read: 200 * PAGE },
  'metadata-few': BATCH,
  'metadata-none': BATCH,
  // The jobs in PROCESSING, up to the limit of the statement.
  operations: { read: MAX_PROCESSING },
  'records-user': OF_A_USER,
  'records-user-few': OF_A_USER,
}

/**
 * Lists whose plan depends on the sample of ANALYZE. Jobs with this metadata are adjacent, and
 * whether they seem rare enough for their index is chance. With ten million jobs the index was
 * used, in 4 ms.
 */
const UNSTEADY: readonly string[] = ['metadata-few']

/** Resolves to the faults in the plans of the statements of a request. */
async function faultsOfRead({ name, query, variables }: Read): Promise<string[]> {
  const sent = await log.sentDuring(async () => {
    const { errors } = await server.request(query, variables)
    expect(errors, name).toBeUndefined()
  })
  const reads = sent.filter(readsTables)
  expect(reads, name).not.toEqual([])
  const faults: string[] = []
  for (const statement of reads)
    for (const planner of plannersOf(statement)) {
      const facts = await planFacts(client, statement, planner)
      faults.push(...faultsOf(facts, ALLOWANCES[name] ?? {}).map((fault) => `${name}, ${planner} plan: ${fault}`))
    }
  return faults
}

function readsTables({ text }: SentStatement): boolean {
  return /\bjobs\b|\bjob_states\b|\bjob_results\b|\bbulk_action_jobs\b/.test(text)
}

function faultsOf(facts: PlanFacts, { sorted = PAGE, read = READ }: Allowance): string[] {
  return [
    ...facts.scannedTables.map((table) => `reads all of ${table}`),
    ...(facts.indexes.length === 0 ? ['uses no index'] : []),
    ...(facts.sorted > sorted ? [`sorts ${facts.sorted} rows`] : []),
    ...(facts.read > read ? [`looks at ${facts.read} rows`] : []),
    // The client has JIT on, unlike the sessions of the server.
    ...(facts.compiled > 0 ? [`compiles ${facts.compiled} functions`] : []),
  ]
}

const asRead = ({ name, query, variables }: List, after: string | null = null): Read => ({
  name,
  query,
  variables: { ...variables, after },
})

/** The page of a list after this many rows, or near its end. */
async function deepRead(list: List): Promise<Read> {
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT ${list.key.join(', ')} FROM ${list.from} ORDER BY ${list.orderBy}
     OFFSET (SELECT least(${DEPTH}, count(*) - ${PAGE}) FROM ${list.from}) LIMIT 1`,
  )
  const after = cursorOf(list.cursor, list.direction, Object.values(rows[0] ?? {}))
  return { ...asRead(list, after), name: `${list.name}, deep` }
}

it('every list and every read of the contract uses an index, in its order', async () => {
  const reads = [...deepLists(), ...(await filters(client))].map((list) => asRead(list))
  for (const list of deepLists()) reads.push(await deepRead(list))
  reads.push(...(await moreReads(client)))
  const faults: string[] = []
  for (const read of reads) if (!UNSTEADY.includes(read.name)) faults.push(...(await faultsOfRead(read)))
  expect(faults).toEqual([])
})
