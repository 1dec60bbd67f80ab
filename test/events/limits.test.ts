// Limits on open subscriptions, of the server and of each caller.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EventsOfDocument } from '../client/documents.generated.ts'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const LIMITS = { LIMIT_SUBSCRIPTIONS: '12', LIMIT_SUBSCRIPTIONS_PER_CALLER: '8' }

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: { AUTH: 'required', ...PROTECTED, ...LIMITS } })
})

afterAll(() => server.close())

interface Subscribed {
  readonly response: Response
  close(): void
}

async function subscribe(user: string, variables: object = {}, accept = 'text/event-stream'): Promise<Subscribed> {
  const stop = new AbortController()
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...(await asUser(user, 'AUDITOR')) },
    body: JSON.stringify({ query: EventsOfDocument.toString(), variables }),
    signal: stop.signal,
  })
  return { response, close: () => stop.abort() }
}

const statuses = (all: readonly Subscribed[]): number[] => all.map(({ response }) => response.status)

/** How many of concurrent subscriptions of `users` are accepted. */
async function letIn(users: readonly string[]): Promise<Subscribed[]> {
  const all = await Promise.all(users.map((user) => subscribe(user)))
  expect(new Set(statuses(all))).toEqual(new Set([200, 429]))
  return all.filter(({ response }) => response.status === 200)
}

async function untilFree(places: number): Promise<void> {
  await expect
    .poll(async () => {
      const all = await Promise.all(Array.from({ length: places }, (_, n) => subscribe(`free-${n % 3}`)))
      for (const one of all) one.close()
      return statuses(all).filter((status) => status === 200).length
    })
    .toBe(places)
}

it('accepts exactly the limit of one caller under concurrent requests', async () => {
  const open = await letIn(Array.from({ length: 50 }, () => 'ada'))
  expect(open).toHaveLength(8)
  const { response } = await subscribe('ada')
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '10'])
  expect(await response.text()).toMatch(
    /"message":"user:ada has reached the limit of 8 open subscriptions; retry later\.".*"code":"RATE_LIMITED"/,
  )
  const other = await subscribe('bob')
  expect(other.response.status).toBe(200)
  for (const one of [...open, other]) one.close()
  await untilFree(12)
})

it('accepts exactly the limit of the server over all callers', async () => {
  const open = await letIn(Array.from({ length: 60 }, (_, n) => `user-${n % 20}`))
  expect(open).toHaveLength(12)
  const { response } = await subscribe('late')
  expect(await response.text()).toContain('This server has reached the limit of 12 open subscriptions; retry later.')
  for (const one of open) one.close()
  await untilFree(12)
})

it('frees every place, however a subscription ends', async () => {
  for (let round = 0; round < 3; round += 1) {
    const refused = await Promise.all([
      ...Array.from({ length: 4 }, () => subscribe('ada', { after: 'nonsense' })),
      ...Array.from({ length: 4 }, () => subscribe('ada', {}, 'application/json')),
    ])
    expect(statuses(refused)).toEqual([200, 200, 200, 200, 406, 406, 406, 406])
    await Promise.all(refused.map(({ response }) => response.text()))
    const gone = await Promise.all(Array.from({ length: 8 }, () => subscribe('bob')))
    expect(statuses(gone)).toEqual(Array.from({ length: 8 }, () => 200))
    await newJob(server.ledger)
    for (const one of gone) one.close()
    await untilFree(12)
  }
})
