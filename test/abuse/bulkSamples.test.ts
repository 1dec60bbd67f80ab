// The samples of a bulk action in the result of a mutation are shortened to fit into the response.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { jobIn } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const LARGE = 'c'.repeat(200_000)

let server: TestServer
let ids: string[]
beforeAll(async () => {
  server = await startTestServer({ environment: { LIMIT_RESPONSE_BYTES: String(1024 * 1024) } })
})
beforeEach(async (context) => {
  ids = []
  for (const state of ['COMPLETED', 'PENDING'] as const)
    for (let made = 0; made < 4; made += 1)
      ids.unshift((await jobIn(server.ledger, state, { content: LARGE, userId: context.task.id })).id)
})
afterAll(() => server.close())

/** A dry run that selects `preview`. With `started`, starts the action and selects that instead. */
const cancel = (user: string, preview: string, started?: string) =>
  server.request(
    `mutation ($user: String!, $dryRun: Boolean!) {
      it: startBulkAction(input: {
        action: CANCEL, filter: { userId: $user }, reason: "r", dryRun: $dryRun, expectedCount: 8
      }) {
        ... on BulkActionPreview { ${preview} }
        ... on BulkActionStarted { bulkAction { ${started ?? 'id'} } }
      }
    }`,
    { user, dryRun: started === undefined },
  )

const idsOf = (jobs: { jobId: string; content: string }[]): string[] => {
  expect(jobs.every(({ content }) => content === LARGE)).toBe(true)
  return jobs.map(({ jobId }) => jobId)
}

it('contain the newest jobs that fit, over all samples together', async ({ task }) => {
  const { data, errors } = await cancel(task.id, 'sample { content jobId } refusals { sample { content jobId } }')
  expect(errors).toBeUndefined()
  const { sample, refusals } = data.it
  expect(idsOf(sample)).toEqual(ids.slice(0, 4))
  expect(idsOf(refusals[0].sample)).toEqual(ids.slice(4, 5))
})

it('contain no job if none fits, and the rest of the response is complete', async ({ task }) => {
  const contents = Array.from({ length: 6 }, (_, n) => `c${n}: content`).join(' ')
  const { data, errors } = await cancel(task.id, `sample { content jobId } refusals { count sample { ${contents} } }`)
  expect(errors).toBeUndefined()
  expect(data.it.refusals).toEqual([{ count: 4, sample: [] }])
})

it('are complete without large fields', async ({ task }) => {
  const { data } = await cancel(task.id, 'a: refusals { sample { jobId } } b: refusals { sample { jobId state } }')
  expect(data.it.a[0].sample).toHaveLength(4)
  expect(data.it.b[0].sample).toHaveLength(4)
})

it('do not prevent the result of an action that was started', async ({ task }) => {
  const { data, errors } = await cancel(
    task.id,
    'matched',
    'state a: refusals { sample { content jobId } } b: refusals { sample { content jobId } }',
  )
  expect(errors).toBeUndefined()
  expect(data.it.bulkAction.state).toBe('RUNNING')
  expect(idsOf(data.it.bulkAction.a[0].sample)).toEqual(ids.slice(4))
  expect(data.it.bulkAction.b[0].sample.length).toBeLessThan(4)
})
