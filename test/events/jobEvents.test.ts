// The subscription over HTTP: its events, start position and refusals.
import { createClient } from 'graphql-sse'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cursorOf } from '../../src/ledger/eventOrder.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { EventsOfDocument } from '../client/documents.generated.ts'
import { type EventStream, openEventStream, stepOf } from '../support/eventStream.ts'
import { ACTOR, jobIn, newJob } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { logStatements, type StatementLog } from '../support/statements.ts'

let server: TestServer
let log: StatementLog

beforeAll(async () => {
  server = await startTestServer({ environment: { LIMIT_SUBSCRIPTIONS: '5' } })
  log = logStatements(server)
})

afterAll(async () => {
  await server.close()
})

async function hear<T>(
  variables: Parameters<typeof openEventStream>[1],
  work: (stream: EventStream) => Promise<T>,
): Promise<T> {
  const stream = await openEventStream(server, variables)
  try {
    return await work(stream)
  } finally {
    await stream.close()
  }
}

/** The position after all current records. */
async function cursorOfNow(): Promise<string> {
  await passedHorizon(server.ledger)
  const { data } = await server.request<{ latestEventCursor: string }>('{ latestEventCursor }')
  return data.latestEventCursor
}

describe('a subscription without a cursor', () => {
  it('gets new events only', async () => {
    await jobIn(server.ledger, 'COMPLETED')
    await passedHorizon(server.ledger)
    await hear({}, async (stream) => {
      const { id } = await jobIn(server.ledger, 'COMPLETED')
      expect((await stream.heard(3)).map(stepOf)).toEqual([`${id} 1`, `${id} 2`, `${id} 3`])
      expect(stream.events.map(({ record }) => record.newState)).toEqual(['PENDING', 'PROCESSING', 'COMPLETED'])
    })
  })
})

describe('a subscription with a cursor', () => {
  it('gets the backlog, then new events, each once', async () => {
    const after = await cursorOfNow()
    const there = await jobIn(server.ledger, 'FAILED')
    await hear({ after }, async (stream) => {
      await stream.heard(3)
      const { id } = await newJob(server.ledger)
      expect((await stream.heard(4)).map(stepOf)).toEqual([
        `${there.id} 1`,
        `${there.id} 2`,
        `${there.id} 3`,
        `${id} 1`,
      ])
    })
  })

  it('gets exactly the events after that of the cursor, for any event', async () => {
    const all = await hear({ after: await cursorOfNow() }, async (stream) => {
      await jobIn(server.ledger, 'COMPLETED')
      return [...(await stream.heard(3))]
    })
    const later: string[] = []
    for (const [index, { cursor }] of all.entries()) {
      await hear({ after: cursor }, async (stream) => {
        later.push(`${(await newJob(server.ledger)).id} 1`)
        const expected = [...all.slice(index + 1).map(stepOf), ...later]
        expect((await stream.heard(expected.length)).map(stepOf)).toEqual(expected)
      })
    }
  })

  it('reads more than one page', async () => {
    const after = await cursorOfNow()
    const ids: string[] = []
    for (let n = 0; n < 120; n++) ids.push((await newJob(server.ledger)).id)
    await hear({ after }, async (stream) => {
      expect((await stream.heard(120)).map(stepOf)).toEqual(ids.map((id) => `${id} 1`))
    })
  })
})

describe('a filter of a subscription', () => {
  it('selects the same records, live and from the backlog, as in the list of records', async () => {
    const after = await cursorOfNow()
    const since = new Date()
    const job = await newJob(server.ledger, { userId: 'of-a-filter' })
    const filters = [
      { jobId: job.id.toUpperCase() },
      { userId: 'of-a-filter' },
      { userId: 'of-a-filter', actor: 'somebody', newStates: ['FAILED' as const] },
      { previousStates: ['PROCESSING' as const], after: since.toISOString() },
    ]
    const live: EventStream[] = []
    for (const filter of filters) live.push(await openEventStream(server, { after, filter }))
    await transitionJob(server.ledger, { jobId: job.id, to: 'PROCESSING', actor: ACTOR })
    await jobIn(server.ledger, 'COMPLETED')
    await transitionJob(server.ledger, { jobId: job.id, to: 'FAILED', actor: 'somebody' })
    await jobIn(server.ledger, 'COMPLETED', { userId: 'of-a-filter' })
    for (const [index, filter] of filters.entries()) {
      const { data } = await server.request(
        'query ($filter: JobStateRecordFilter) { jobStateRecords(filter: $filter, last: 100) { nodes { sequence job { jobId } } } }',
        { filter },
      )
      const listed = data.jobStateRecords.nodes.map((record: { sequence: number; job: { jobId: string } }) =>
        stepOf({ cursor: '', record: { ...record, newState: 'PENDING' } }),
      )
      expect(listed.length).toBeGreaterThan(0)
      const past = await openEventStream(server, { after, filter })
      for (const stream of [live[index] as EventStream, past]) {
        const heard = (await stream.heard(listed.length)).map(stepOf)
        expect(heard.sort()).toEqual([...listed].sort())
        await stream.close()
      }
    }
  })

  it('delivers nothing if no record matches', async () => {
    await passedHorizon(server.ledger)
    await hear({ filter: { userId: 'nobody' } }, async (nobodys) => {
      await hear({}, async (all) => {
        await newJob(server.ledger)
        await all.heard(1)
        expect(nobodys.events).toEqual([])
      })
    })
  })
})

describe('a stream', () => {
  it('reads any selection with the page and not for each event', async () => {
    const after = await cursorOfNow()
    for (let n = 0; n < 30; n++) await newJob(server.ledger)
    await passedHorizon(server.ledger)
    const sent = await log.during(() => hear({ after }, (stream) => stream.heard(30)))
    expect(sent.filter((text) => text.includes('state_metadata'))).toEqual([])
    // The statement that looks for events reads the horizon.
    const reading = sent.filter(
      (text) => /FROM job(s|_states)\b/.test(text) && !text.includes('jobledger.visible_xmin'),
    )
    // Pages of 4, 8, 16 ...: the size of records is learned from them.
    expect(reading).toHaveLength(4)
  })

  it('sends pings while nothing happens', async () => {
    const stop = new AbortController()
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: EventsOfDocument.toString() }),
      signal: stop.signal,
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const chunks = [await reader?.read(), await reader?.read(), await reader?.read()]
    expect(chunks.map((chunk) => chunk?.value)).toEqual([':\n\n', ':\n\n', ':\n\n'])
    stop.abort()
  })

  it('works with graphql-sse and over GET', async () => {
    const after = await cursorOfNow()
    const { id } = await newJob(server.ledger)
    const client = createClient({ url: `${server.url}/graphql`, retryAttempts: 0 })
    const results = client.iterate<{ jobEvents: Parameters<typeof stepOf>[0] }>({
      query: EventsOfDocument.toString(),
      variables: { after },
    })
    const { value } = await results.next()
    expect(stepOf(value.data.jobEvents)).toBe(`${id} 1`)
    await results.return?.()
    client.dispose()

    const url = new URL(`${server.url}/graphql`)
    url.searchParams.set('query', EventsOfDocument.toString())
    url.searchParams.set('variables', JSON.stringify({ after }))
    const stop = new AbortController()
    const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: stop.signal })
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(response.headers.get('cache-control')).toBe('no-cache')
    stop.abort()
  })

  it('stops reading when its client has disconnected', async () => {
    const streams = [await openEventStream(server), await openEventStream(server)]
    await Promise.all(streams.map((stream) => stream.close()))
    await expect.poll(() => log.during(() => new Promise((resolve) => setTimeout(resolve, 300)))).toEqual([])
  })
})

describe('refuses before the stream starts', () => {
  it.each([
    [
      'a bad cursor',
      { after: 'nonsense' },
      'after: is not a cursor (got "nonsense"). Pass the `cursor` of an event, or `latestEventCursor`, or leave it out to start now.',
    ],
    [
      'a cursor from elsewhere',
      { after: cursorOf({ epoch: 1n, transactionId: 10n ** 15n, id: 1n }) },
      /^after: belongs to a timeline that has ended/,
    ],
    ['a bad filter', { filter: { userId: '' } }, 'userId: must have 1 to 200 characters (got 0).'],
    ['an invalid job id', { filter: { jobId: 'x' } }, 'jobId: must be the id of a job (got "x").'],
  ])('%s', async (_, variables, message) => {
    const stream = await openEventStream(server, variables)
    expect(await stream.ended).toBeUndefined()
    expect(stream.events).toEqual([])
    expect(stream.errors).toEqual([
      expect.objectContaining({
        message: typeof message === 'string' ? message : expect.stringMatching(message),
        extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }),
      }),
    ])
  })

  it('the cursor of a list', async () => {
    const { data } = await server.request('{ jobs(first: 1) { pageInfo { endCursor } } }')
    const stream = await openEventStream(server, { after: data.jobs.pageInfo.endCursor })
    await stream.ended
    expect(stream.errors[0]?.message).toMatch(
      /^after: belongs to the order .*; this list is ordered by events asc \(got/,
    )
  })

  it('one subscription more than the limit of the server', async () => {
    const streams = await Promise.all(Array.from({ length: 5 }, () => openEventStream(server)))
    const one = await openEventStream(server)
    await one.ended
    expect(one.errors).toMatchObject([
      {
        message: 'This server has reached the limit of 5 open subscriptions; retry later.',
        extensions: { code: 'RATE_LIMITED' },
      },
    ])
    await streams[0]?.close()
    await expect
      .poll(async () => {
        const again = await openEventStream(server)
        await Promise.race([again.ended, new Promise((resolve) => setTimeout(resolve, 200))])
        await again.close()
        return again.errors
      })
      .toEqual([])
    await Promise.all(streams.map((stream) => stream.close()))
  })
})

it('starts a stream without a cursor at the cursor of now', async () => {
  await newJob(server.ledger)
  const after = await cursorOfNow()
  await hear({}, (without) =>
    hear({ after }, async (behind) => {
      const { id } = await newJob(server.ledger)
      for (const stream of [without, behind]) expect((await stream.heard(1)).map(stepOf)).toEqual([`${id} 1`])
    }),
  )
})
