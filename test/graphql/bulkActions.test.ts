// Bulk actions through the API: the dry run, the start, the progress, the list and the abort.
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
let admin: { authorization: string }
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  server = await startTestServer({
    log,
    environment: { ...PROTECTED, BULK_INTERVAL_SECONDS: '1', BULK_BATCH_JOBS: '2', LIMIT_BULK_JOBS: '5' },
  })
  admin = await asUser('boss', 'ADMIN')
})
afterAll(() => server.close())

const ACTION = `id action state actor reason matched done refused error createdAt finishedAt
  refusals { reason count sample { jobId state } }`
const START = `mutation ($input: StartBulkActionInput!) { startBulkAction(input: $input) { __typename
  ... on BulkActionPreview { matched eligible sample { jobId } refusals { reason count sample { jobId } } }
  ... on BulkActionStarted { created bulkAction { ${ACTION} } }
  ... on BulkCountChanged { code expectedCount actualCount message }
  ... on InvalidInput { code issues { path message } } } }`
const NODE = `query ($id: ID!) { node(id: $id) { ... on BulkAction { ${ACTION} } } }`

async function start(input: object, headers = admin) {
  const { data, errors } = await server.request(
    START,
    { input: { action: 'RETRY', reason: 'disk full', ...input } },
    headers,
  )
  return errors === undefined ? data.startBulkAction : errors
}

/** The action, once it is no longer running. */
async function ended(id: string, headers = admin) {
  return eventually(async () => {
    const { data } = await server.request(NODE, { id }, headers)
    expect(data.node.state).not.toBe('RUNNING')
    return data.node
  }, 60_000)
}

let users = 0
function newUser(): string {
  users += 1
  return `user-${users}`
}

describe('startBulkAction', () => {
  it('is a dry run by default, whose count then starts it, and the server runs it to the end', async () => {
    const userId = newUser()
    const failed = [await jobIn(server.ledger, 'FAILED', { userId }), await jobIn(server.ledger, 'FAILED', { userId })]
    const completed = await jobIn(server.ledger, 'COMPLETED', { userId })
    const filter = { ids: [failed[0]?.id, completed.id, globalId('Job', failed[1]?.id)] }
    const preview = await start({ filter })
    const refused = { reason: 'The job is COMPLETED.', count: 1, sample: [{ jobId: completed.id }] }
    expect(preview).toEqual({
      __typename: 'BulkActionPreview',
      matched: 3,
      eligible: 2,
      sample: [{ jobId: failed[1]?.id }, { jobId: failed[0]?.id }],
      refusals: [refused],
    })
    const started = await start({ filter, dryRun: false, expectedCount: preview.matched })
    expect(started).toMatchObject({ __typename: 'BulkActionStarted', created: true })
    expect(started.bulkAction).toMatchObject({
      action: 'RETRY',
      actor: 'user:boss',
      reason: 'disk full',
      matched: 3,
      refused: 1,
      error: null,
      refusals: [{ reason: 'The job is COMPLETED.', count: 1, sample: [{ jobId: completed.id, state: 'COMPLETED' }] }],
    })
    const { id } = started.bulkAction
    expect(await ended(id)).toMatchObject({
      id,
      state: 'COMPLETED',
      done: 2,
      refused: 1,
      finishedAt: expect.any(String),
    })
    const { data } = await server.request(
      'query ($id: ID!) { job(id: $id) { state stateReason stateActor stateMetadata } }',
      { id: failed[0]?.id },
      admin,
    )
    expect(data.job).toEqual({
      state: 'PENDING',
      stateReason: 'disk full',
      stateActor: 'user:boss',
      stateMetadata: { bulkActionId: Buffer.from(id, 'base64').toString().split(':')[1] },
    })
  })

  it('refuses another count, a missing one, and more jobs than the limit, and changes nothing', async () => {
    const userId = newUser()
    const { id } = await jobIn(server.ledger, 'FAILED', { userId })
    const input = { filter: { userId }, dryRun: false }
    expect(await start({ ...input, expectedCount: 2 })).toEqual({
      __typename: 'BulkCountChanged',
      code: 'BULK_COUNT_CHANGED',
      expectedCount: 2,
      actualCount: 1,
      message: 'The number of matching jobs is now 1 (expected 2). Repeat the dry run before you retry.',
    })
    expect(await start(input)).toMatchObject({
      issues: [{ path: ['expectedCount'], message: 'is required unless `dryRun` is true.' }],
    })
    expect(await start({ ...input, expectedCount: 6 })).toMatchObject({
      issues: [{ path: ['expectedCount'], message: 'must be an integer from 0 to 5 (got 6).' }],
    })
    expect(await start({ filter: { ids: ['x'] } })).toMatchObject({
      __typename: 'InvalidInput',
      issues: [{ path: ['filter', 'ids', '0'], message: 'must be the id of a job (got "x").' }],
    })
    expect(await server.ledger.prisma.job.findUnique({ where: { id } })).toMatchObject({ state: 'FAILED' })
    expect(await server.ledger.prisma.bulkAction.count({ where: { filter: { equals: { userId } } } })).toBe(0)
  })

  it('returns the existing bulk action for the same idempotency key and input', async () => {
    const userId = newUser()
    await jobIn(server.ledger, 'FAILED', { userId })
    const input = { filter: { userId }, dryRun: false, expectedCount: 1, idempotencyKey: 'again' }
    const first = await start(input)
    await ended(first.bulkAction.id)
    const second = await start(input)
    expect(second).toMatchObject({ created: false, bulkAction: { id: first.bulkAction.id, state: 'COMPLETED' } })
  })

  it('touches only own jobs of a USER', async () => {
    const [ada, ben] = [newUser(), newUser()]
    const own = await newJob(server.ledger, { userId: ada })
    const other = await newJob(server.ledger, { userId: ben })
    const asAda = await asUser(ada, 'USER')
    const input = { action: 'CANCEL', filter: { ids: [own.id, other.id] } }
    expect(await start(input, asAda)).toMatchObject({ matched: 1, eligible: 1, sample: [{ jobId: own.id }] })
    const { bulkAction } = await start({ ...input, dryRun: false, expectedCount: 1 }, asAda)
    expect(await ended(bulkAction.id, asAda)).toMatchObject({ done: 1 })
    const jobs = await server.ledger.prisma.job.findMany({
      where: { id: { in: [own.id, other.id] } },
      orderBy: { id: 'asc' },
    })
    expect(jobs.map(({ state }) => state)).toEqual(['CANCELLED', 'PENDING'])
    const asBen = await asUser(ben, 'USER')
    expect((await server.request(NODE, { id: bulkAction.id }, asBen)).data).toEqual({ node: null })
  })
})

describe('bulkActions', () => {
  it('lists them newest first, page by page, and to a USER only its own', async () => {
    const userId = newUser()
    const asOwner = await asUser(userId, 'USER')
    const ids: string[] = []
    for (let n = 0; n < 3; n += 1) {
      const { bulkAction } = await start({ filter: {}, dryRun: false, expectedCount: 0, reason: `${n}` }, asOwner)
      ids.unshift(bulkAction.id)
    }
    await start({ filter: { userId }, dryRun: false, expectedCount: 0 })
    const list = `query ($after: String) { bulkActions(first: 2, after: $after) {
      totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`
    const { data: first } = await server.request(list, {}, asOwner)
    expect(first.bulkActions).toMatchObject({ totalCount: 3, nodes: [{ id: ids[0] }, { id: ids[1] }] })
    const after = first.bulkActions.pageInfo.endCursor
    const { data: rest } = await server.request(list, { after }, asOwner)
    expect(rest.bulkActions).toMatchObject({ nodes: [{ id: ids[2] }], pageInfo: { hasNextPage: false } })
  })
})

describe('the filter of a bulk action', () => {
  const FILTERS = 'query ($id: ID!) { node(id: $id) { ... on BulkAction { filter } } }'

  it('is the one that was given; that of a USER names the user whose jobs it was limited to', async () => {
    const userId = newUser()
    const asOwner = await asUser(userId, 'USER')
    const filter = { states: ['FAILED'], createdAfter: '2026-01-02T03:04:05.678Z', metadata: { source: 'web' } }
    const input = { filter, dryRun: false, expectedCount: 0 }
    const [own, any] = [await start(input, asOwner), await start({ ...input, filter: { ...filter, userId } })]
    for (const [{ bulkAction }, headers] of [
      [own, asOwner],
      [own, admin],
      [any, admin],
    ]) {
      const { data } = await server.request(FILTERS, { id: bulkAction.id }, headers)
      expect(data.node.filter).toEqual({ ...filter, userId, includeDeleted: false })
    }
  })
})

describe('abortBulkAction', () => {
  it('is logged with its caller, as the start and the end are', async () => {
    const userId = newUser()
    const { bulkAction } = await start({ filter: { userId }, dryRun: false, expectedCount: 0 })
    await ended(bulkAction.id)
    await server.request('mutation ($id: ID!) { abortBulkAction(id: $id) { id } }', { id: bulkAction.id }, admin)
    const bulkActionId = Buffer.from(bulkAction.id, 'base64').toString().split(':')[1]
    await eventually(() => {
      const logged = lines.filter((line) => line.bulkActionId === bulkActionId)
      expect(new Set(logged.map(({ msg }) => msg))).toEqual(
        new Set(['bulk action started', 'bulk action completed', 'bulk action abort requested']),
      )
      for (const line of logged) expect(line).toMatchObject({ actor: 'user:boss', action: 'RETRY' })
    })
  })

  it('returns an action that has ended as it is, and null for an unknown one', async () => {
    const { bulkAction } = await start({ filter: { userId: newUser() }, dryRun: false, expectedCount: 0 })
    await ended(bulkAction.id)
    const abort = 'mutation ($id: ID!) { abortBulkAction(id: $id) { id state } }'
    const { data } = await server.request(abort, { id: bulkAction.id }, admin)
    expect(data.abortBulkAction).toEqual({ id: bulkAction.id, state: 'COMPLETED' })
    const missing = globalId('BulkAction', '01890000-0000-7000-8000-000000000000')
    expect((await server.request(abort, { id: missing }, admin)).data).toEqual({ abortBulkAction: null })
    const { errors } = await server.request(abort, { id: globalId('Job', missing) }, admin)
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })
})

function globalId(type: string, id: unknown): string {
  return Buffer.from(`${type}:${id}`).toString('base64')
}
