// Job.stateHistory as a connection: every way of paging, with exact page info.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
})
afterAll(() => server.close())

interface History {
  totalCount: number
  edges: { cursor: string; node: { sequence: number } }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
}

async function read(page: object): Promise<History> {
  const { data, errors } = await server.request(
    `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { job(id: $id) {
      stateHistory(first: $first, after: $after, last: $last, before: $before) {
        totalCount edges { cursor node { sequence } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
    { id: jobId, ...page },
  )
  expect(errors).toBeUndefined()
  return data.job.stateHistory
}

const sequences = ({ edges }: History): number[] => edges.map(({ node }) => node.sequence)

describe('stateHistory', () => {
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
