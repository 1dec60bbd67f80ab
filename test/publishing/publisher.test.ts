// Publishing every record in order, from the checkpoint, to a sink that may be unavailable.
import { appendFile, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openAdvisoryLock } from '../../src/database/advisoryLock.ts'
import { listConsumers } from '../../src/ledger/consumers.ts'
import type { EventSink } from '../../src/publishing/eventSink.ts'
import { createFileSink } from '../../src/publishing/fileSink.ts'
import type { LedgerEvent } from '../../src/publishing/ledgerEvent.ts'
import { type PublisherOptions, runPublisher } from '../../src/publishing/publisher.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

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

interface RecordingSink extends EventSink {
  readonly events: LedgerEvent[]
  isUnavailable: boolean
}

function recordingSink(name: string): RecordingSink {
  const events: LedgerEvent[] = []
  return {
    name,
    events,
    isUnavailable: false,
    async publish(batch) {
      if (this.isUnavailable) {
        // Some events arrived.
        events.push(...batch.slice(0, 1))
        throw new Error('the sink is away')
      }
      events.push(...batch)
      return []
    },
    close: async () => undefined,
  }
}

interface Line {
  readonly level: string
  readonly message: string
  readonly facts: object
}

function publish(sink: EventSink, options: Partial<PublisherOptions> = {}) {
  const lines: Line[] = []
  const write = (level: string) => (facts: object, message: string) => void lines.push({ level, message, facts })
  const database = { url: ledger.url, statementTimeoutMs: 5000, connectTimeoutMs: 5000 }
  const publisher = runPublisher({
    ledger,
    sink,
    lock: openAdvisoryLock(sink.name, database),
    startFrom: 'beginning',
    pollMs: 10,
    shutdownTimeoutMs: 5000,
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    ...options,
  })
  endings.push(() => publisher.stop())
  return { lines, stop: () => publisher.stop() }
}

async function history(): Promise<string[]> {
  const records = await ledger.prisma.jobStateRecord.findMany({ orderBy: [{ transactionId: 'asc' }, { id: 'asc' }] })
  return records.map(({ jobId, sequence }) => `${jobId}:${sequence}`)
}

const ids = (events: readonly LedgerEvent[]): string[] => events.map(({ eventId }) => eventId)

describe('a publisher', () => {
  it('publishes the backlog and then new records, each once, and keeps its checkpoint', async () => {
    await jobIn(ledger, 'COMPLETED', { userId: 'ada', preset: 'p' })
    const sink = recordingSink('whole')
    const { stop, lines } = publish(sink)
    await eventually(async () => expect(ids(sink.events)).toEqual(await history()))
    expect(sink.events.at(-1)).toMatchObject({ sequence: 3, previousState: 'PROCESSING', userId: 'ada', preset: 'p' })
    await jobIn(ledger, 'FAILED')
    await eventually(async () => expect(ids(sink.events)).toEqual(await history()))
    await stop()
    await newJob(ledger)
    const again = recordingSink('whole')
    publish(again)
    await eventually(async () => expect([...ids(sink.events), ...ids(again.events)]).toEqual(await history()))
    expect(lines).toMatchObject([{ level: 'info', message: 'acquired publisher lock', facts: { consumer: 'whole' } }])
  })

  it('starts now if it is configured to, and only then', async () => {
    await passedHorizon(ledger)
    const sink = recordingSink('now')
    const { stop } = publish(sink, { startFrom: 'now' })
    const all = async () => (await listConsumers(ledger)).find(({ name }) => name === 'now')
    await eventually(async () => expect(await all()).toBeDefined())
    const { id } = await newJob(ledger)
    await eventually(() => expect(ids(sink.events)).toEqual([`${id}:1`]))
    await stop()
    const next = await newJob(ledger)
    const again = recordingSink('now')
    publish(again, { startFrom: 'now' })
    await eventually(() => expect(ids(again.events)).toEqual([`${next.id}:1`]))
  })

  it('waits for an unavailable sink while the lag grows, and catches up', async () => {
    const sink = recordingSink('away')
    const { lines } = publish(sink)
    await eventually(async () => expect(ids(sink.events)).toEqual(await history()))
    sink.isUnavailable = true
    const before = sink.events.length
    const made: string[] = []
    for (let n = 0; n < 20; n++) made.push(`${(await newJob(ledger)).id}:1`)
    await eventually(() => expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1))
    const consumer = (await listConsumers(ledger)).find(({ name }) => name === 'away')
    expect(consumer).toMatchObject({ lagRecords: 20, lagSeconds: expect.any(Number) })
    expect(consumer?.lagSeconds).toBeGreaterThan(0)
    sink.isUnavailable = false
    await eventually(async () => {
      const later = ids(sink.events.slice(before))
      expect(later.slice(-20)).toEqual(made)
      // Events that arrived without confirmation are published again.
      expect(new Set(later)).toEqual(new Set(made))
    })
    await eventually(async () => {
      expect((await listConsumers(ledger)).find(({ name }) => name === 'away')).toMatchObject({
        lagRecords: 0,
        lagSeconds: 0,
      })
    })
    expect(lines.map(({ message }) => message)).toContain('publishing resumed')
  })

  it('stores for operators that it fails and why, until it works again', async () => {
    const stored = async () => (await listConsumers(ledger)).find(({ name }) => name === 'failing')
    const sink = recordingSink('failing')
    sink.isUnavailable = true
    const { stop } = publish(sink)
    const failing = { failingSince: expect.any(Date), lastErrorAt: expect.any(Date), lastError: 'the sink is away' }
    await eventually(async () => expect(await stored()).toMatchObject(failing))
    const { failingSince } = (await stored()) as { failingSince: Date }
    await eventually(async () => expect(Number((await stored())?.lastErrorAt)).toBeGreaterThan(Number(failingSince)))
    expect(await stored()).toMatchObject({ failingSince })
    // Another process takes over.
    await stop()
    publish(recordingSink('failing'))
    await eventually(async () => expect(await stored()).toMatchObject({ ...failing, failingSince: null }))
  })

  it('resumes after an outage of the database although there is nothing to publish', async () => {
    let outages = 2
    const lock = openAdvisoryLock('quiet', { url: ledger.url, statementTimeoutMs: 5000, connectTimeoutMs: 5000 })
    const hold = async (stop: AbortSignal): Promise<boolean> => {
      outages -= 1
      if (outages >= 0) throw new Error('the database is unavailable')
      return lock.hold(stop)
    }
    await passedHorizon(ledger)
    const { lines } = publish(recordingSink('quiet'), { startFrom: 'now', lock: { ...lock, hold } })
    await eventually(() =>
      expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
        'warn: publishing failed; retrying',
        'debug: publishing failed; retrying',
        'info: acquired publisher lock',
        'info: publishing resumed',
      ]),
    )
  })

  it('publishes in one process at a time, and another takes over', async () => {
    const [one, other] = [recordingSink('shared'), recordingSink('shared')]
    const first = publish(one)
    await eventually(async () => expect(ids(one.events)).toEqual(await history()))
    const second = publish(other)
    for (let n = 0; n < 20; n++) await newJob(ledger)
    await eventually(async () => expect(ids(one.events)).toEqual(await history()))
    expect(other.events).toEqual([])
    await first.stop()
    await newJob(ledger)
    await eventually(async () => expect([...ids(one.events), ...ids(other.events)]).toEqual(await history()))
    expect(second.lines.map(({ message }) => message)).toEqual(['acquired publisher lock'])
  })

  it('stops although its sink does not respond', async () => {
    const stuck: EventSink = {
      name: 'stuck',
      publish: () => new Promise(() => undefined),
      close: async () => undefined,
    }
    const { stop } = publish(stuck, { shutdownTimeoutMs: 300 })
    await newJob(ledger)
    await eventually(async () => expect((await listConsumers(ledger)).map(({ name }) => name)).toContain('stuck'))
    await stop()
    expect((await listConsumers(ledger)).find(({ name }) => name === 'stuck')?.lagRecords).toBe(
      (await history()).length,
    )
  })
})

describe('a file', () => {
  it('gets a line for each event, also after an incomplete line and after rotation', async () => {
    const folder = temporaryDirectory('jobledger-')
    const path = join(folder, 'events.ndjson')
    const sink = createFileSink(path)
    const event = (sequence: number): LedgerEvent => ({
      eventId: `job:${sequence}`,
      cursor: 'c',
      jobId: 'job',
      sequence,
      previousState: null,
      newState: 'PENDING',
      reason: 'two\nlines',
      error: null,
      metadata: { a: 1 },
      actor: 'a',
      timestamp: '2026-01-01T00:00:00.000Z',
      userId: 'u',
      preset: null,
    })
    await sink.publish([event(1), event(2)])
    const whole = await readFile(path, 'utf8')
    expect(
      whole
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([event(1), event(2)])
    const file = createFileSink(path)
    await appendFile(path, whole.slice(0, 20))
    await file.publish([event(3)])
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    expect(lines.slice(0, 3)).toEqual([...whole.trimEnd().split('\n'), whole.slice(0, 20)])
    expect(JSON.parse(lines[3] ?? '')).toEqual(event(3))
    await rename(path, `${path}.1`)
    await file.publish([event(4)])
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(event(4))
  })
})
