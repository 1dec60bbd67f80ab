// Subscriptions: what many waiting subscribers cost the writers, and the delay of an event.
import { Agent, type ClientRequest, request } from 'node:http'
import type pg from 'pg'
import type { BenchCase } from '../benchCase.ts'
import { WrongResponseError } from '../benchError.ts'
import { type Contender, loopContender } from '../contender.ts'
import type { HttpTarget } from '../httpTarget.ts'
import { BENCH_USER, countWritten } from '../writtenJobs.ts'

export interface EventTargets {
  readonly server: HttpTarget
  readonly client: pg.Client
  readonly callers: number
}

const SUBSCRIBERS = 1000
const CREATE = `mutation Create($input: CreateJobInput!) {
  createJob(input: $input) { __typename ... on CreateJobSuccess { job { jobId version } } } }`
const OPERATION = JSON.stringify({ query: CREATE, variables: { input: { userId: BENCH_USER, content: 'x' } } })
const SUBSCRIPTION = `subscription Bench($filter: JobStateRecordFilter) {
  jobEvents(filter: $filter) { cursor record { sequence newState job { jobId } } } }`

export const EVENT_CASES = ['subscribers', 'event-delay'] as const

export function eventCases(targets: EventTargets, isWanted: (name: string) => boolean): (() => Promise<BenchCase>)[] {
  const all: Record<(typeof EVENT_CASES)[number], () => Promise<BenchCase>> = {
    subscribers: async () => subscribersCase(targets),
    'event-delay': async () => delayCase(targets),
  }
  return Object.entries(all).flatMap(([name, make]) => (isWanted(name) ? [make] : []))
}

/** The same writers, with many subscribers that wait for events that never arrive, and alone. */
function subscribersCase({ server, client, callers }: EventTargets): BenchCase {
  const subscribers = new Subscribers(server.endpoint)
  const create = (name: string, count: number): Contender => {
    let expected = 0
    return loopContender({
      name,
      callers,
      async prepare() {
        await subscribers.setCount(count)
        expected = await countWritten(client)
      },
      async operation() {
        await createJob(server)
        expected += 1
      },
      async verify() {
        const found = await countWritten(client)
        if (found !== expected) throw new WrongResponseError(`the database has ${found} jobs (expected ${expected})`)
        if (subscribers.heard > 0) throw new WrongResponseError('subscribers received events that they did not select')
        if (subscribers.count !== count)
          throw new WrongResponseError(`${subscribers.count} of ${count} subscriptions are open`)
        await subscribers.setCount(0)
      },
    })
  }
  return {
    name: 'subscribers',
    title: `create, while ${SUBSCRIBERS} subscribers wait`,
    measure: 'requests/s',
    callers,
    subject: create('jobledger', SUBSCRIBERS),
    references: [create('without subscribers', 0)],
  }
}

/**
 * The time to create a job and receive its event, compared with creation alone. The difference is
 * the delay of the event.
 */
function delayCase({ server }: EventTargets): BenchCase {
  const subscribers = new Subscribers(server.endpoint)
  const create = (name: string, operation: () => Promise<void>, count: number): Contender =>
    loopContender({ name, callers: 1, operation, prepare: () => subscribers.setCount(count, { userId: BENCH_USER }) })
  return {
    name: 'event-delay',
    title: 'create, until its event arrives',
    measure: 'latency',
    callers: 1,
    subject: create('jobledger', async () => subscribers.hear(await createJob(server)), 1),
    references: [create('the response alone', async () => void (await createJob(server)), 1)],
  }
}

async function createJob(server: HttpTarget): Promise<string> {
  const { data } = JSON.parse(await server.send(OPERATION)) as {
    data: { createJob: { job?: { jobId: string; version: number } } }
  }
  const { job } = data.createJob
  if (job?.version !== 1) throw new WrongResponseError('the response has no new job')
  return job.jobId
}

const TIMEOUT_MS = 10_000

/** Number of open streams. */
class Subscribers {
  /** Number of received events. */
  heard = 0
  private readonly endpoint: URL
  private readonly agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  private readonly open = new Set<ClientRequest>()
  private readonly waiting = new Map<string, () => void>()
  private readonly received = new Set<string>()

  constructor(endpoint: URL) {
    this.endpoint = endpoint
  }

  get count(): number {
    return this.open.size
  }

  async setCount(count: number, filter?: object): Promise<void> {
    if (this.open.size === count) return
    for (const stream of this.open) stream.destroy()
    this.open.clear()
    await Promise.all(Array.from({ length: count }, (_, n) => this.subscribe(filter ?? { userId: `idle-${n}` })))
  }

  /** Resolves when the event of the job has arrived. */
  async hear(jobId: string): Promise<void> {
    if (this.received.delete(jobId)) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new WrongResponseError(`the event of ${jobId} did not arrive`)), TIMEOUT_MS)
      this.waiting.set(jobId, () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  private subscribe(filter: object): Promise<void> {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
    return new Promise((resolve, reject) => {
      const outgoing = request(this.endpoint, { method: 'POST', agent: this.agent, headers }, (incoming) => {
        if (incoming.statusCode !== 200)
          reject(new WrongResponseError(`status ${incoming.statusCode} for a subscription`))
        incoming.setEncoding('utf8').on('data', (text: string) => this.note(text))
        incoming.once('close', () => this.open.delete(outgoing)).once('error', () => undefined)
        resolve()
      })
      outgoing.once('error', reject)
      outgoing.end(JSON.stringify({ query: SUBSCRIPTION, variables: { filter } }))
      this.open.add(outgoing)
    })
  }

  private note(text: string): void {
    for (const [, jobId] of text.matchAll(/"jobId":"([^"]+)"/g)) {
      this.heard += 1
      const wake = this.waiting.get(jobId as string)
      this.waiting.delete(jobId as string)
      if (wake) wake()
      else this.received.add(jobId as string)
    }
  }
}
