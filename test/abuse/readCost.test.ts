// The cost of lists and counts by filter: how much PostgreSQL may have to read, not how little is
// returned.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'

let counted: TestServer
let usual: TestServer
let log: StatementLog

beforeAll(async () => {
  usual = await startTestServer({ environment: { AUTH: 'open', NODE_ENV: 'production' } })
  // Shows the cost of each field that costs more than 1.
  counted = await startTestServer({
    environment: { AUTH: 'open', NODE_ENV: 'production', LIMIT_DOCUMENT_COST: '1' },
    databaseUrl: usual.databaseUrl,
  })
  log = logStatements(usual)
})
afterAll(async () => {
  await counted.close()
  await usual.close()
})

async function costOf(query: string, variables: object = {}): Promise<number | 'at most 1'> {
  const { errors } = await counted.request(query, variables)
  return errors === undefined
    ? 'at most 1'
    : ((errors[0]?.extensions as { cost: number } | undefined)?.cost ?? Number.NaN)
}

/** The statements of `work`, without those of background tasks. */
async function reads(work: () => Promise<unknown>): Promise<string[]> {
  return (await log.during(work)).filter((text) =>
    /FROM (jobs|job_states|jobledger\.job_counts|jobledger\.job_statistics)\b/.test(text),
  )
}

const jobs = (args: string, fields = 'nodes { id }') => `{ jobs(first: 1, ${args}) { ${fields} } }`
const records = (args: string, fields = 'nodes { id }') => `{ jobStateRecords(first: 1, ${args}) { ${fields} } }`
const DAY = 'from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z"'
const YEAR = 'from: "2025-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z"'

describe('a filter', () => {
  it.each([
    jobs('filter: { states: [FAILED], userId: "u" }'),
    jobs('filter: { states: FAILED }'),
    jobs('filter: { presets: ["p"], createdAfter: "2026-01-01T00:00:00Z" }'),
    jobs('filter: { metadata: {} }'),
    jobs('filter: { excludeStates: [PENDING, PROCESSING, COMPLETED, CANCELLED] }'),
    jobs('filter: { excludeStates: [], excludePresets: [] }'),
    jobs('filter: { ids: ["01890000-0000-7000-8000-000000000000"], metadata: { a: [] } }'),
    jobs('filter: { actor: "a", createdAfter: "2026-01-01T00:00:00Z" }'),
    jobs('orderBy: { field: UPDATED_AT }, filter: { userId: "u" }'),
    jobs('orderBy: { field: UPDATED_AT }, filter: { userId: "u", updatedAfter: "2026-01-01T00:00:00Z" }'),
    jobs('orderBy: { field: COMPLETED_AT }, filter: { completedAfter: "2026-01-01T00:00:00Z" }'),
    records('filter: { actor: "a" }'),
    records('filter: { newStates: [FAILED], after: "2026-01-01T00:00:00Z" }'),
    records('filter: { jobId: "01890000-0000-7000-8000-000000000000", newStates: [FAILED, CANCELLED] }'),
  ])('that is served by an index in list order costs nothing: %s', async (query) => {
    expect(await costOf(query)).toBe('at most 1')
  })

  it.each([
    jobs('filter: { states: [FAILED, CANCELLED] }'),
    jobs('filter: { excludeStates: [COMPLETED] }'),
    jobs('filter: { excludePresets: ["p"], userId: "u" }'),
    jobs('filter: { actor: "a", states: [FAILED] }'),
    jobs('filter: { startedAfter: "2026-01-01T00:00:00Z" }'),
    jobs('filter: { updatedBefore: "2026-01-01T00:00:00Z" }'),
    jobs('orderBy: { field: UPDATED_AT }, filter: { actor: "a" }'),
    jobs('filter: { presets: ["p"], userId: "u" }'),
    jobs('filter: { metadata: { a: 1 } }'),
    jobs('filter: { metadata: { a: [{ b: "x" }, {}] } }'),
    jobs('orderBy: { field: UPDATED_AT }, filter: { states: [FAILED] }'),
    jobs('orderBy: { field: COMPLETED_AT }, filter: { userId: "u" }'),
    records('filter: { previousStates: [PENDING], newStates: [PROCESSING] }'),
    records('filter: { userId: "u" }'),
    records('filter: { actor: "a", newStates: [FAILED] }'),
  ])('that makes PostgreSQL read rows it filters out costs 1,500: %s', async (query) => {
    expect(await costOf(query)).toBe(1501)
  })

  it.each([
    jobs('filter: { metadata: { a: [] } }'),
    jobs('filter: { metadata: { a: { b: [{}, []] } } }'),
    jobs('filter: { excludePresets: ["p"] }'),
  ])('that no index limits costs 5,000: %s', async (query) => {
    expect(await costOf(query)).toBe(5001)
  })

  it('costs the same when passed in variables', async () => {
    const query = 'query ($filter: JobFilter) { jobs(first: 1, filter: $filter) { nodes { id } } }'
    expect(await costOf(query, { filter: { metadata: { a: [] } } })).toBe(5001)
    expect(await costOf(query, { filter: { metadata: { a: [0] } } })).toBe(1501)
  })
})

describe('a field that needs another query', () => {
  it.each([
    [jobs('before: "c", filter: { metadata: { a: [] } }', 'pageInfo { hasNextPage }'), 10_001],
    [jobs('before: "c", filter: { metadata: { a: [] } }', 'a: pageInfo { hasPreviousPage }'), 5000],
    [jobs('after: "c", filter: { metadata: { a: [] } }', 'pageInfo { hasPreviousPage hasNextPage }'), 10_001],
    [jobs('filter: { presets: ["p"] }', 'totalCount'), 1500],
    [jobs('filter: { userId: "u", states: [FAILED] }', 'totalCount'), 10],
    [records('filter: { actor: "a" }', 'totalCount'), 5000],
    ['{ jobCount }', 10],
    ['{ jobCount(filter: { excludeStates: [FAILED] }) }', 10],
    ['{ jobCount(filter: { actor: "a" }) }', 1500],
    ['{ jobCountsByState(filter: { userId: "u", includeDeleted: true }) { count } }', 10],
    ['{ jobCount(filter: { createdAfter: "2026-01-01T00:00:00Z" }) }', 1500],
    ['{ jobCount(filter: { metadata: { a: [] } }) }', 5000],
    ['{ stuckJobs { totalCount } }', 1500],
    [
      '{ bulkActions(first: 100) { nodes { done refusals { reason sample { jobId } } } } }',
      100 * (1 + 9 * (1 + 10 + 20)),
    ],
    [
      'mutation { startBulkAction(input: { action: DELETE, filter: { actor: "a" }, reason: "r" }) { __typename } }',
      1500,
    ],
    [
      'mutation { startBulkAction(input: { action: DELETE, filter: {}, reason: "r", dryRun: false }) { __typename } }',
      5000,
    ],
    [`{ jobStats(${YEAR}, bucket: DAY) { created } }`, 10],
    [`{ jobStats(${DAY}, bucket: MINUTE, filter: { userId: "u" }) { created } }`, 750],
    [`{ jobStats(${YEAR}, bucket: DAY, filter: { presets: ["p"] }) { created } }`, 7500],
  ])('costs as declared: %s costs %i', async (query, cost) => {
    expect(await costOf(query)).toBe(cost)
  })

  it('is read once, however often the document selects it', async () => {
    for (let n = 0; n < 3; n += 1) await newJob(usual.ledger)
    const { data } = await usual.request('{ jobs { edges { cursor } } }')
    const { cursor } = data.jobs.edges[2]
    const asked = 'nodes { id } a: pageInfo { hasNextPage } b: pageInfo { hasNextPage }'
    const sent = await reads(async () => {
      const answer = await usual.request(`{ jobs(first: 2, before: "${cursor}") { ${asked} } }`)
      expect(answer.data.jobs).toMatchObject({ a: { hasNextPage: true }, b: { hasNextPage: true } })
    })
    expect(sent).toHaveLength(2)
  })
})

describe('a filter that nothing can satisfy', () => {
  it.each([
    [jobs('filter: { states: [] }', 'totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage }'), 'jobs'],
    [jobs('filter: { presets: [] }', 'totalCount nodes { id }'), 'jobs'],
    [
      jobs('filter: { createdAfter: "2026-01-02T00:00:00Z", createdBefore: "2026-01-01T00:00:00Z" }', 'nodes { id }'),
      'jobs',
    ],
    [jobs('filter: { completedAfter: "2026-01-02T00:00:00Z", states: [PENDING] }', 'nodes { id }'), 'jobs'],
    [jobs('filter: { startedBefore: "2026-01-02T00:00:00Z", states: [PENDING] }', 'nodes { id }'), 'jobs'],
    [jobs('filter: { ids: [] }', 'nodes { id }'), 'jobs'],
    [jobs('filter: { states: [FAILED], excludeStates: [FAILED] }', 'nodes { id }'), 'jobs'],
    [records('filter: { previousStates: [COMPLETED], newStates: [PENDING, FAILED] }', 'totalCount nodes { id }'), ''],
    [records('filter: { newStates: [] }', 'totalCount nodes { id }'), ''],
    ['{ jobCount(filter: { states: [] }) jobCountsByState(filter: { presets: [] }) { count } }', ''],
    [`{ jobStats(${DAY}, bucket: DAY, filter: { presets: [] }) { created medianWaitMs } }`, ''],
  ])('is answered without a statement: %s', async (query) => {
    expect(await reads(async () => expect((await usual.request(query)).errors).toBeUndefined())).toEqual([])
  })

  it('does not apply to deleted jobs in any state', async () => {
    const query = records('filter: { previousStates: [COMPLETED, CANCELLED], newStates: [CANCELLED] }')
    expect(await reads(() => usual.request(query))).toHaveLength(1)
  })
})

describe('the default limit', () => {
  const times = (count: number, text: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => text(n)).join(' ')

  it.each([
    '{ jobs(first: 100) { nodes { stateHistory { nodes { job { stateHistory { nodes { id newState } } } } } } } }',
    '{ jobs(first: 100) { nodes { stateHistory(first: 100) { nodes { job { result { id } } } } } } }',
    `{ ${times(60, (n) => `c${n}: jobCount(filter: { userId: "u${n}", states: [FAILED] })`)} }`,
  ])('allows %s', async (query) => {
    expect((await usual.request(query)).errors).toBeUndefined()
  })

  it.each([
    `{ ${times(50, (n) => `a${n}: jobs(first: 1, filter: { metadata: { a${n}: [] } }) { nodes { id } }`)} }`,
    `{ ${times(50, (n) => `a${n}: jobStateRecords(first: 1, filter: { previousStates: [PENDING], newStates: [PROCESSING, CANCELLED] }) { nodes { id } }`)} }`,
    `{ ${times(50, (n) => `a${n}: jobStats(${YEAR}, bucket: DAY, filter: { presets: ["p${n}"] }) { created }`)} }`,
    `{ ${times(50, (n) => `a${n}: jobCount(filter: { presets: ["p${n}"] })`)} }`,
  ])('refuses 50 aliases of %s', async (query) => {
    const { errors } = await usual.request(query)
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', limit: 50_000 } }])
  })
})
