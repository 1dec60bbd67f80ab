// Job.stateHistory and Job.resultHistory as connections: every way of paging, with exact page info.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setJobResult } from '../../src/ledger/jobResult.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { ACTOR, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const RECORDS = 7

let server: TestServer
let jobId: string

beforeAll(async () => {
  server = await startTestServer()
  jobId = (await newJob(server.ledger)).id
  for (let version = 1; version < RECORDS; version += 1) {
    await transitionJob(server.ledger, { jobId, to: version % 2 ? 'PROCESSING' : 'PENDING', actor: ACTOR })
  }
  for (let output = 1; output <= RECORDS; output += 1)
    await setJobResult(server.ledger, { jobId, actor: `${ACTOR} ${output}`, status: 'SUCCESS', output })
})
afterAll(() => server.close())

interface History {
  totalCount: number
  edges: { cursor: string; node: { number: number } }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
}

async function readHistory([field, number]: readonly [string, string], page: object): Promise<History> {
  const { data, errors } = await server.request(
    `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { job(id: $id) {
      history: ${field}(first: $first, after: $after, last: $last, before: $before) {
        totalCount edges { cursor node { number: ${number} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
    { id: jobId, ...page },
  )
  expect(errors).toBeUndefined()
  return data.job.history
}

const sequences = ({ edges }: History): number[] => edges.map(({ node }) => node.number)

const HISTORIES = [
  ['stateHistory', 'sequence'],
  ['resultHistory', 'revision'],
] as const

describe.each(HISTORIES)('%s', (...history) => {
  const read = (page: object) => readHistory(history, page)

  it('returns all records by default, and their number', async () => {
    const history = await read({})
    expect(sequences(history)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(history).toMatchObject({ totalCount: RECORDS, pageInfo: { hasNextPage: false, hasPreviousPage: false } })
    expect([history.pageInfo.startCursor, history.pageInfo.endCursor]).toEqual([
      history.edges[0]?.cursor,
      history.edges[6]?.cursor,
    ])
  })

  it.each([1, 2, 3, 7, 100])('pages forwards and backwards by %i', async (size) => {
    const forwards: number[] = []
    const backwards: number[] = []
    for (let after: string | null = null, more = true; more; ) {
      const page: History = await read({ first: size, after })
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null)
      forwards.push(...sequences(page))
      ;({ endCursor: after, hasNextPage: more } = page.pageInfo)
    }
    for (let before: string | null = null, more = true; more; ) {
      const page: History = await read({ last: size, before })
      expect(page.pageInfo.hasNextPage).toBe(before !== null)
      backwards.unshift(...sequences(page))
      ;({ startCursor: before, hasPreviousPage: more } = page.pageInfo)
    }
    expect([forwards, backwards]).toEqual([
      [1, 2, 3, 4, 5, 6, 7],
      [1, 2, 3, 4, 5, 6, 7],
    ])
  })

  it('accepts bounds on both sides, and has exact page info on empty pages', async () => {
    const { edges } = await read({})
    const [after, before] = [edges[1]?.cursor, edges[5]?.cursor]
    expect(sequences(await read({ after, before }))).toEqual([3, 4, 5])
    expect(sequences(await read({ after, before, last: 1 }))).toEqual([5])
    const around = { hasNextPage: true, hasPreviousPage: true, startCursor: null, endCursor: null }
    expect((await read({ after, before: edges[2]?.cursor })).pageInfo).toEqual(around)
    expect((await read({ first: 0 })).pageInfo).toEqual({ ...around, hasPreviousPage: false })
    expect((await read({ last: 0 })).pageInfo).toEqual({ ...around, hasNextPage: false })
    expect((await read({ after: edges[6]?.cursor })).pageInfo).toEqual({ ...around, hasNextPage: false })
  })
})

describe('resultHistory', () => {
  it('has each revision with who set it, which is a node of its own', async () => {
    const { data } = await server.request(
      `query ($id: ID!) { job(id: $id) { result { revision actor databaseRole }
        resultHistory(last: 1) { nodes { id revision actor databaseRole status output errorMessage processingTimeMs timestamp } } } }`,
      { id: jobId },
    )
    const [{ id, ...latest }] = data.job.resultHistory.nodes
    const result = { revision: RECORDS, actor: `${ACTOR} ${RECORDS}`, databaseRole: expect.stringMatching(/./) }
    expect(data.job.result).toEqual(result)
    const others = { status: 'SUCCESS', output: RECORDS, errorMessage: null, processingTimeMs: null }
    expect(latest).toEqual({ ...result, ...others, timestamp: expect.any(String) })
    const node = await server.request(
      'query ($id: ID!) { node(id: $id) { id ... on JobResultRecord { revision job { jobId } } } }',
      { id },
    )
    expect(node.data.node).toEqual({ id, revision: RECORDS, job: { jobId } })
  })

  it('is empty without a result', async () => {
    const { id } = await newJob(server.ledger)
    const { data } = await server.request(
      '{ job(id: "ID") { resultHistory { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage } } } }'.replace(
        'ID',
        id,
      ),
    )
    const pageInfo = { hasNextPage: false, hasPreviousPage: false }
    expect(data.job.resultHistory).toEqual({ totalCount: 0, nodes: [], pageInfo })
  })
})
