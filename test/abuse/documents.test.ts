// Limits of documents: what is refused before it runs, what is just within the limits, and the
// messages.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'

let server: TestServer
let log: StatementLog

beforeAll(async () => {
  server = await startTestServer({
    environment: { AUTH: 'open', NODE_ENV: 'production', LIMIT_DOCUMENT_COST: '20000' },
  })
  log = logStatements(server)
})
afterAll(() => server.close())

async function refusal(query: string, variables: object = {}): Promise<{ message: string; extensions?: object }> {
  const statements = await log.during(async () => {
    const { data, errors } = await server.request(query, variables)
    expect(data).toBeUndefined()
    expect(errors).toHaveLength(1)
    refused = errors?.[0] as never
  })
  expect(statements).toEqual([])
  expect(refused.extensions).toMatchObject({ code: 'BAD_USER_INPUT' })
  return refused
}
let refused: { message: string; extensions?: object }

async function passes(query: string, variables: object = {}): Promise<void> {
  expect((await server.request(query, variables)).errors).toBeUndefined()
}

const times = (count: number, text: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ')

describe('tokens', () => {
  it('are limited to 2000', async () => {
    const query = (aliases: number): string => `{ jobCount(filter: { states: [${'PENDING '.repeat(aliases)}] }) }`
    const { message } = await refusal(query(2000))
    expect(message).toContain('2000 tokens')
    expect((await server.request(query(1900))).errors?.[0]?.message).toContain('states: must have at most 100 values')
  })
})

describe('bytes', () => {
  it('are limited to 262144', async () => {
    await passes(`{ __typename } # ${'x'.repeat(262_144 - 17)}`)
    const { message } = await refusal(`{ __typename } # ${'é'.repeat(131_072)}`)
    expect(message).toBe('The document must have at most 262144 bytes (got 262161). Pass data in variables.')
  })
})

describe('aliases and repeated fields', () => {
  it('are limited to 100', async () => {
    await passes(`{ ${times(100, (n) => `a${n}: __typename`)} }`)
    const { message } = await refusal(`{ ${times(101, (n) => `a${n}: __typename`)} }`)
    expect(message).toBe('The document has 101 aliases and repeated fields; the limit is 100.')
  })

  it('count the same', async () => {
    await passes(`{ ${'__typename '.repeat(101)} }`)
    expect((await refusal(`{ ${'__typename '.repeat(102)} }`)).message).toContain('101 aliases and repeated fields')
    const both = `{ ${times(51, (n) => `a${n}: __typename`)} jobs { nodes { ${'id '.repeat(51)} } } }`
    expect((await refusal(both)).message).toContain('101 aliases')
  })

  it('also count in fragments', async () => {
    const query = `{ jobs(first: 1) { nodes { ...F } } } fragment F on Job { ${times(101, (n) => `a${n}: id`)} }`
    expect((await refusal(query)).message).toContain('101 aliases')
  })
})

describe('directives', () => {
  it('are limited to 50, and to four in one place', async () => {
    await passes(`{ jobs(first: 1) { nodes { ${'id @include(if: true) '.repeat(50)} } } }`)
    const { message } = await refusal('{ __typename @a @a @a @a @a }')
    expect(message).toBe('The document has 5 directives in one place; the limit is 4.')
    const many = times(17, (n) => `...@include(if: true) { f${n}: __typename @skip(if: false) @include(if: true) }`)
    expect((await refusal(`{ ${many} }`)).message).toBe('The document has 51 directives; the limit is 50.')
  })
})

describe('depth', () => {
  const deep = (levels: number): string =>
    `{ jobs(first: 1) { nodes { ${'result { job { '.repeat(levels)} id ${'} }'.repeat(levels)} } } }`

  it('is limited to 15', async () => {
    await passes(deep(6))
    expect((await refusal(deep(7))).message).toBe(
      'The operation is nested more than 15 fields deep, which is the limit.',
    )
  })

  it('counts through fragments', async () => {
    const fragments = times(9, (n) => `fragment F${n} on Job { result { job { ...F${n + 1} } } }`)
    const query = `{ jobs(first: 1) { nodes { ...F0 } } } ${fragments} fragment F9 on Job { id }`
    expect((await refusal(query)).message).toContain('more than 15 fields deep')
  })
})

describe('validation', () => {
  it('stops after 20 errors', async () => {
    const { errors } = await server.request(`{ ${times(100, (n) => `unknown${n}`)} }`)
    expect(errors).toHaveLength(21)
    expect(errors?.at(-1)).toMatchObject({
      message: 'Too many validation errors, error limit reached. Validation aborted.',
      extensions: { code: 'BAD_USER_INPUT' },
    })
  })
})

describe('lists in variables', () => {
  it.each([
    ['query ($v: [ID!]!) { nodes(ids: $v) { id } }', Array.from({ length: 10_001 }, () => 1), '$v'],
    [
      'query ($v: JobFilter) { jobCount(filter: $v) }',
      { states: Array.from({ length: 10_001 }, () => 'PENDING') },
      '$v.states',
    ],
  ])('are refused because of their length before their items are checked: %s', async (query, v, place) => {
    const { errors } = await server.request(query, { v })
    expect(errors).toMatchObject([
      {
        message: `Variable "${place}" has 10001 items; the limit is 10000.`,
        extensions: { code: 'BAD_USER_INPUT', limit: 10_000 },
      },
    ])
  })
})

describe('cost', () => {
  const nested = (
    first: number,
  ): string => `{ jobs(first: ${first}) { nodes { id stateHistory(first: ${first}) { nodes { job {
    stateHistory(first: ${first}) { nodes { sequence } } } } } } } }`

  it('allows a deep query of Relay: three nested connections of 20, with jobs and results', async () => {
    const usual = await startTestServer({ environment: { AUTH: 'open', NODE_ENV: 'production' } })
    const { errors } = await usual.request(`query Deep($first: Int = 20) {
      jobs(first: $first) { pageInfo { hasNextPage endCursor } edges { cursor node { id state result { id status }
        stateHistory(first: $first) { totalCount pageInfo { hasNextPage } edges { cursor node { id newState
          job { id stateHistory(first: $first) { edges { node { id sequence job { id result { id } } } } } } } } } } } } }`)
    expect(errors).toBeUndefined()
    await usual.close()
  })

  it('multiplies nested pages, and is reported with its limit', async () => {
    // 26 jobs with 26 records each, the jobs of these, and 26 records of each of those.
    const cost = 26 + 26 * 26 * 2 + 26 * 26 * 26
    await passes(nested(26))
    expect(cost).toBeLessThan(20_000)
    const expensive = 27 + 27 * 27 * 2 + 27 * 27 * 27
    expect(await refusal(nested(27))).toMatchObject({
      message: `The operation could touch ${expensive} nodes; the limit is 20000. Request smaller pages (first, last) or fewer fields.`,
      extensions: { cost: expensive, limit: 20_000 },
    })
  })

  it.each([
    [
      'variables',
      'query ($n: Int) { jobs(first: $n) { nodes { stateHistory(first: $n) { nodes { job { stateHistory(last: $n) { nodes { id } } } } } } } }',
      { n: 100 },
      1_020_100,
    ],
    [
      'defaults of variables',
      'query ($n: Int = 100) { jobs(first: $n) { nodes { stateHistory(first: $n) { nodes { job { stateHistory(last: $n) { nodes { id } } } } } } } }',
      {},
      1_020_100,
    ],
    [
      'edges beside nodes',
      '{ jobs(first: 100) { edges { node { stateHistory(first: 100) { nodes { id } } } } nodes { stateHistory(first: 100) { nodes { id } } } } }',
      {},
      20_200,
    ],
    [
      'pages of the usual size',
      '{ jobs { nodes { stateHistory { nodes { job { stateHistory { nodes { job { stateHistory { nodes { id } } } } } } } } } } }',
      {},
      176_820,
    ],
    [
      'aliases',
      `{ ${times(3, (n) => `a${n}: jobs(first: 100) { nodes { stateHistory(first: 90) { nodes { id } } } }`)} }`,
      {},
      27_300,
    ],
    [
      'fragments',
      '{ ...A ...B } fragment A on Query { a: jobs(first: 100) { ...C } } fragment B on Query { b: jobs(first: 100) { ...C } } fragment C on JobConnection { nodes { stateHistory(first: 100) { nodes { id } } } }',
      {},
      20_200,
    ],
    ['counts', `{ ${times(14, (n) => `c${n}: jobCount(filter: { presets: ["p"] })`)} }`, {}, 21_000],
    [
      'counts of lists',
      `{ ${times(14, (n) => `c${n}: jobs(first: 0, filter: { presets: ["p"] }) { totalCount }`)} }`,
      {},
      21_000,
    ],
    [
      'ids',
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Job { stateHistory(first: 100) { nodes { id } } } } }',
      { ids: Array.from({ length: 200 }, () => 'x') },
      20_200,
    ],
    [
      'items of a batch',
      'mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { ... on CreateJobSuccess { job { stateHistory { nodes { id } } } } } }',
      { inputs: Array.from({ length: 1000 }, () => ({ content: 'x' })) },
      22_000,
    ],
  ])('counts %s', async (_, query, variables, cost) => {
    expect(await refusal(query, variables)).toMatchObject({ extensions: { cost, limit: 20_000 } })
  })

  it('merges fields as the executor does', async () => {
    const fields = 'stateHistory(first: 100) { nodes { id } }'
    await passes(
      `{ jobs(first: 100) { nodes { ...A ...B ${fields} } } } fragment A on Job { ${fields} } fragment B on Job { ...A }`,
    )
  })

  it('uses the most expensive type that a node may have', async () => {
    await passes(`{ node(id: "01890000-0000-7000-8000-000000000000") { ... on Job { stateHistory(first: 100) { nodes { id } } }
      ... on JobResult { job { stateHistory(first: 100) { nodes { id } } } } } }`)
  })

  it('allows the largest batch, with its jobs', async () => {
    const inputs = Array.from({ length: 1000 }, () => ({ content: 'x' }))
    await passes(
      `mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { __typename
        ... on CreateJobSuccess { created job { id state result { id } } } ... on IdempotencyConflict { existingJob { id } } } }`,
      { inputs },
    )
  })

  it('leaves the refusal of a page that is too large to the resolver', async () => {
    const { errors } = await server.request('{ jobs(first: 1000000000) { nodes { id } } }')
    expect(errors?.[0]?.message).toContain('first')
  })

  it('can be configured', async () => {
    const strict = await startTestServer({ environment: { LIMIT_DOCUMENT_COST: '5' } })
    expect((await strict.request('{ jobs(first: 5) { nodes { id } } }')).errors).toBeUndefined()
    const { errors } = await strict.request('{ jobs(first: 6) { nodes { id } } }')
    expect(errors).toMatchObject([{ extensions: { cost: 6, limit: 5 } }])
    await strict.close()
  })
})
