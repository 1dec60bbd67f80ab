// Access control of subscriptions, from the first event of a stream to the last.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiKey, revokeApiKey } from '../../src/access/apiKeys.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { asUser, bearer, PROTECTED, tokenOf } from '../support/credentials.ts'
import { type EventStream, openEventStream, stepOf } from '../support/eventStream.ts'
import { ACTOR, newJob } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
/** Tokens are accepted this long after they expire, because clocks differ. */
const LEEWAY_SECONDS = 60
const streams: EventStream[] = []

beforeAll(async () => {
  server = await startTestServer({ environment: { AUTH: 'required', ...PROTECTED } })
})

afterAll(async () => {
  for (const stream of streams) await stream.close()
  await server.close()
})

async function open(...[variables, headers]: [Parameters<typeof openEventStream>[1], Record<string, string>]) {
  const stream = await openEventStream(server, variables, headers)
  streams.push(stream)
  return stream
}

async function newKey(name: string): Promise<Record<string, string>> {
  return bearer((await createApiKey(server.ledger.prisma, { name, roles: ['AUDITOR'] })).key)
}

const eventsOf = (stream: EventStream, jobId: string): string[] =>
  stream.events.map(stepOf).filter((step) => step.startsWith(jobId))

describe('a subscriber', () => {
  it('gets only its own events with the role USER, live and from the backlog, and cannot select others', async () => {
    const beginning = await server.request<{ latestEventCursor: string }>(
      '{ latestEventCursor }',
      {},
      await asUser('ada', 'USER'),
    )
    const after = beginning.data.latestEventCursor
    const before = {
      ada: await newJob(server.ledger, { userId: 'ada' }),
      bob: await newJob(server.ledger, { userId: 'bob' }),
    }
    const ada = await open({ after }, await asUser('ada', 'USER'))
    const adaOfBob = await open({ after, filter: { userId: 'bob' } }, await asUser('ada', 'USER'))
    const adaOfHisJob = await open({ after, filter: { jobId: before.bob.id } }, await asUser('ada', 'USER'))
    const auditor = await open({ after }, await asUser('eve', 'AUDITOR'))
    for (const { id } of [before.bob, before.ada]) {
      await transitionJob(server.ledger, { jobId: id, to: 'PROCESSING', actor: ACTOR })
    }
    expect((await auditor.heard(4)).map(stepOf)).toEqual([
      `${before.ada.id} 1`,
      `${before.bob.id} 1`,
      `${before.bob.id} 2`,
      `${before.ada.id} 2`,
    ])
    expect((await ada.heard(2)).map(stepOf)).toEqual([`${before.ada.id} 1`, `${before.ada.id} 2`])
    expect(adaOfBob.events).toEqual([])
    expect(adaOfHisJob.events).toEqual([])
  })

  it.each([
    ['without a credential', async () => ({}), 'UNAUTHENTICATED'],
    ['without a role', () => asUser('ada'), 'FORBIDDEN'],
    [
      'whose role needs a user',
      async () => bearer(await tokenOf('', { roles: ['USER'], claims: { sub: undefined } })),
      'UNAUTHENTICATED',
    ],
  ])('%s hears nothing', async (_, headers, code) => {
    const stream = await open({}, await headers())
    await stream.ended
    expect(stream.events).toEqual([])
    expect(stream.errors).toMatchObject([{ extensions: { code } }])
  })
})

it('ends a stream when its credential expires, with or without events', {
  timeout: 60_000,
}, async () => {
  await passedHorizon(server.ledger)
  const revoked = await newKey('revoked')
  const good = await newKey('good')
  const now = Math.floor(Date.now() / 1000)
  const expiring = bearer(await tokenOf('eve', { roles: ['AUDITOR'], claims: { exp: now - LEEWAY_SECONDS + 3 } }))
  const busy = await open({}, revoked)
  const idle = await open({ filter: { userId: 'nobody' } }, revoked)
  const expired = await open({ filter: { userId: 'nobody' } }, expiring)
  const other = await open({}, good)
  const first = await newJob(server.ledger)
  await busy.heard(1)
  await revokeApiKey(server.ledger, 'revoked')
  const made: string[] = []
  let isOver = false
  const ended = Promise.all([busy.ended, idle.ended, expired.ended]).then(() => {
    isOver = true
  })
  while (!isOver) {
    made.push((await newJob(server.ledger)).id)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await ended
  for (const stream of [busy, idle, expired]) {
    expect(stream.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  }
  expect(eventsOf(busy, first.id)).toHaveLength(1)
  // It stays open for the clock tolerance, as requests do; then it gets no more events, while the
  // others do.
  const last = (await newJob(server.ledger)).id
  await expect.poll(() => eventsOf(other, last)).toHaveLength(1)
  expect(eventsOf(busy, last)).toEqual([])
  expect(other.events).toHaveLength(1 + made.length + 1)
  expect(other.errors).toEqual([])
})

it('ends a stream when the rights of its API key change', { timeout: 60_000 }, async () => {
  const stream = await open({}, await newKey('changing'))
  await server.ledger.prisma.$executeRaw`ALTER TABLE api_keys DISABLE TRIGGER USER`
  await server.ledger.prisma.$executeRaw`UPDATE api_keys SET roles = '{WORKER}' WHERE name = 'changing'`
  await server.ledger.prisma.$executeRaw`ALTER TABLE api_keys ENABLE TRIGGER USER`
  await stream.ended
  expect(stream.errors).toMatchObject([
    { message: 'The roles of this credential have changed: subscribe again.', extensions: { code: 'UNAUTHENTICATED' } },
  ])
})
