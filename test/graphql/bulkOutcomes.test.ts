// The outcome of each job of a bulk action, through the API.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BulkAction } from '../../src/database/generated/client.ts'
import { runBulkBatch } from '../../src/ledger/runBulkBatch.ts'
import { startBulkAction } from '../../src/ledger/startBulkAction.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { jobIn } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer

// Only the tests run batches.
beforeAll(async () => {
  server = await startTestServer({ environment: { ...PROTECTED, BULK_INTERVAL_SECONDS: '0' } })
})
afterAll(() => server.close())

const QUERY = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $outcome: BulkOutcome) {
  node(id: $id) { ... on BulkAction {
    outcomes(first: $first, after: $after, last: $last, before: $before, outcome: $outcome) {
      totalCount
      nodes { jobId outcome reason }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  } } }`

const asAuditor = () => asUser('ines', 'AUDITOR')

async function read(action: BulkAction, page: object = {}, headers?: { authorization: string }) {
  const id = Buffer.from(`BulkAction:${action.id}`).toString('base64')
  return server.request(QUERY, { id, ...page }, headers ?? (await asAuditor()))
}

async function outcomesOf(action: BulkAction, page: object = {}) {
  const { data, errors } = await read(action, page)
  expect(errors).toBeUndefined()
  return data.node.outcomes
}

/** A retry of a failed, a completed, a failed and a failed job of the user. */
async function started(userId: string): Promise<{ action: BulkAction; ids: string[] }> {
  const ids: string[] = []
  for (const state of ['FAILED', 'COMPLETED', 'FAILED', 'FAILED'] as const)
    ids.push((await jobIn(server.ledger, state, { userId })).id)
  const request = { action: 'RETRY', filter: { ownerId: userId }, reason: 'again', actor: `user:${userId}` } as const
  return { action: (await startBulkAction(server.ledger, { ...request, expectedCount: 4 })).bulkAction, ids }
}

async function runBatch({ id, actor, reason }: BulkAction, size: number): Promise<void> {
  await runBulkBatch(server.ledger, { id, actor, reason, action: 'RETRY' }, size)
}

const node = (jobId: string | undefined, outcome: string, reason: string | null = null) => ({ jobId, outcome, reason })

describe('BulkAction.outcomes', () => {
  it('has each job with what happened to it up to now, and counts the list', async () => {
    const { action, ids } = await started('ada')
    await runBatch(action, 2)
    const all = await outcomesOf(action)
    expect([all.totalCount, all.nodes]).toEqual([
      4,
      [
        node(ids[0], 'DONE'),
        node(ids[1], 'REFUSED', 'The job is COMPLETED.'),
        node(ids[2], 'DONE'),
        node(ids[3], 'NOT_PROCESSED'),
      ],
    ])
    for (const [outcome, indexes] of Object.entries({ DONE: [0, 2], REFUSED: [1], NOT_PROCESSED: [3] })) {
      const { totalCount, nodes } = await outcomesOf(action, { outcome })
      const jobIds = nodes.map(({ jobId }: { jobId: string }) => jobId)
      expect([outcome, totalCount, jobIds]).toEqual([outcome, indexes.length, indexes.map((index) => ids[index])])
    }
  })

  it('pages in both directions, and never shows the jobs of another action', async () => {
    const { action, ids } = await started('brandt')
    await started('carl')
    const first = await outcomesOf(action, { first: 3 })
    expect(first.nodes.map(({ jobId }: { jobId: string }) => jobId)).toEqual(ids.slice(0, 3))
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
    const second = await outcomesOf(action, { first: 3, after: first.pageInfo.endCursor })
    expect(second.nodes.map(({ jobId }: { jobId: string }) => jobId)).toEqual(ids.slice(3))
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
    const back = await outcomesOf(action, { last: 2, before: second.pageInfo.startCursor })
    expect(back.nodes.map(({ jobId }: { jobId: string }) => jobId)).toEqual(ids.slice(1, 3))
    const { errors } = await read(action, { first: 101 })
    expect(errors?.[0]?.message).toMatch(/first/)
  })

  it('is shown to the user of the jobs, and to no other user', async () => {
    const { action } = await started('dora')
    const own = await read(action, {}, await asUser('dora', 'USER'))
    expect(own.data.node.outcomes.totalCount).toBe(4)
    expect((await read(action, {}, await asUser('mallory', 'USER'))).data.node).toBeNull()
  })

  it('costs as much as its page has rows, with a filter too', async () => {
    const lists = (filter: string): string =>
      `{ bulkActions(first: 100) { nodes { outcomes(first: 100${filter}) { nodes { jobId } } } } }`
    const auditor = await asAuditor()
    expect((await server.request(lists(''), {}, auditor)).errors).toBeUndefined()
    expect((await server.request(lists(', outcome: REFUSED'), {}, auditor)).errors).toBeUndefined()
  })
})
