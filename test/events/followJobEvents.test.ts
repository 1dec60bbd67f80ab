// The client library for events: server restarts, several replicas and permanent errors.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type FollowJobEventsOptions, followJobEvents, type JobEvent } from '../../src/client/followJobEvents.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let ledger: TestLedger
const endings: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

afterAll(async () => {
  await ledger.close()
})

async function start(environment: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer({ databaseUrl: ledger.url, environment })
  endings.push(() => server.close())
  return server
}

interface Following {
  readonly events: JobEvent[]
  readonly interruptions: string[]
  readonly ended: Promise<unknown>
  heard(count: number): Promise<JobEvent[]>
}

function follow({ url }: { url: string }, options: Partial<FollowJobEventsOptions> = {}): Following {
  const stop = new AbortController()
  const events: JobEvent[] = []
  const interruptions: string[] = []
  const listen = async (): Promise<void> => {
    const all = followJobEvents({
      url: `${url}/graphql`,
      signal: stop.signal,
      onInterruption: ({ message }) => interruptions.push(message),
      ...options,
    })
    for await (const event of all) events.push(event)
  }
  const ended = listen().catch((error: unknown) => error)
  endings.push(async () => {
    stop.abort()
    await ended
  })
  const heard = (count: number) =>
    eventually(() => {
      if (events.length < count) throw new Error(`${events.length} of ${count} events came.`)
      return events
    })
  return { events, interruptions, ended, heard }
}

const jobsOf = (events: readonly JobEvent[]): string[] => events.map(({ record }) => record.job.jobId)

/** Creates jobs until an event arrives: then the subscriber is connected. */
async function connected(following: Following): Promise<number> {
  const before = following.events.length
  return eventually(async () => {
    await newJob(ledger, { userId: 'connecting' })
    if (following.events.length > before) return following.events.length
    throw new Error(`not connected yet (interruptions: ${following.interruptions.join('; ')})`)
  })
}

describe('followJobEvents with two replicas', () => {
  it('delivers through each replica what was written through the other', async () => {
    const [one, other] = [await start(), await start()]
    const [ofOne, ofOther] = [follow(one), follow(other)]
    await connected(ofOne)
    await connected(ofOther)
    await one.request('mutation { createJob(input: { userId: "of-replicas", content: "x" }) { __typename } }')
    await eventually(() => {
      for (const { events } of [ofOne, ofOther]) expect(events.at(-1)?.record.job.userId).toBe('of-replicas')
    })
    expect(ofOne.interruptions).toEqual([])
  })
})

describe('followJobEvents across a server restart', () => {
  it('is disconnected at once, and gets the events of the outage after the restart', async () => {
    const first = await startTestServer({ databaseUrl: ledger.url })
    const following = follow(first)
    const before = await connected(following)
    const startedAt = performance.now()
    await first.close()
    // Does not wait for SHUTDOWN_TIMEOUT_MS, which is 10 s.
    expect(performance.now() - startedAt).toBeLessThan(5000)
    const missed = [(await newJob(ledger)).id, (await newJob(ledger)).id]
    await eventually(() => expect(following.interruptions.length).toBeGreaterThan(0))
    await start({ PORT: new URL(first.url).port })
    await eventually(() => expect(jobsOf(following.events.slice(before)).slice(-2)).toEqual(missed))
    const cursors = following.events.map(({ cursor }) => cursor)
    expect(new Set(cursors).size).toBe(cursors.length)
  })
})

describe('followJobEvents before the server is reachable', () => {
  it('gets earlier events if a cursor is given', async () => {
    await passedHorizon(ledger)
    const server = await start()
    const { data } = await server.request<{ latestEventCursor: string }>('{ latestEventCursor }')
    const port = new URL(server.url).port
    await server.close()
    const following = follow({ url: server.url }, { after: data.latestEventCursor })
    await eventually(() => expect(following.interruptions.length).toBeGreaterThan(1))
    expect(following.interruptions[0]).toMatch(/does not respond \(ECONNREFUSED\)/)
    const { id } = await newJob(ledger)
    await start({ PORT: port })
    expect(jobsOf(await following.heard(1))).toEqual([id])
  })
})

describe('followJobEvents with a filter', () => {
  it('keeps the filter after a reconnect', async () => {
    const following = follow(await start(), { filter: { userId: 'of-the-filter' } })
    const made = await eventually(async () => {
      await newJob(ledger)
      const { id } = await newJob(ledger, { userId: 'of-the-filter' })
      if (following.events.length === 0) throw new Error('not connected yet')
      return id
    })
    await eventually(() => expect(jobsOf(following.events)).toContain(made))
    expect(new Set(following.events.map(({ record }) => record.job.userId))).toEqual(new Set(['of-the-filter']))
  })
})

describe('followJobEvents throws an error that no retry fixes, such as', () => {
  it.each([
    [
      'no credential',
      { AUTH: 'required', ...PROTECTED },
      {},
      /refuses the subscriber \(UNAUTHENTICATED\): .* Give the subscriber a token or an API key that is valid\.$/,
    ],
    ['a bad cursor', {}, { after: 'nonsense' }, /\(BAD_USER_INPUT\): after: is not a cursor \(got/],
    ['a bad filter', {}, { filter: { userId: '' } }, /\(BAD_USER_INPUT\): userId: must have 1 to 200 characters/],
  ])('%s', async (_, environment, options, message) => {
    const following = follow(await start(environment), options)
    expect(await following.ended).toMatchObject({
      name: 'RequestRefusedError',
      message: expect.stringMatching(message),
    })
    expect(following.interruptions).toEqual([])
  })

  it('a role that may not read jobs', async () => {
    const token = await tokenOf('ada', { roles: [] })
    const following = follow(await start({ AUTH: 'required', ...PROTECTED }), { token })
    expect(await following.ended).toMatchObject({
      message: expect.stringMatching(
        /\(FORBIDDEN\): .* Give the subscriber a token or an API key that may read jobs\.$/,
      ),
    })
  })

  it('a URL that is not a Jobledger server', async () => {
    const other = createServer((_, response) => response.writeHead(404).end('nothing here'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    endings.push(async () => other.close())
    const following = follow({ url: `http://127.0.0.1:${(other.address() as AddressInfo).port}` })
    expect(await following.ended).toMatchObject({
      message: expect.stringMatching(/\(HTTP_404\): .*nothing here\. Is this the endpoint of a Jobledger server\?$/),
    })
  })
})
