// The case `neighbours`: how long one caller waits while another one sends the worst load, compared
// with no other load. Like `memory` it has no reference, and runs only if --only names it.
import { Agent, request } from 'node:http'
import pLimit from 'p-limit'
import type pg from 'pg'
import { Latencies } from '../load/latencies.ts'
import { startServerProcess } from '../load/serverProcess.ts'
import { PROTECTED, tokenOf } from '../test/support/credentials.ts'
import { WrongResponseError } from './benchError.ts'
import { HOSTILE_BODIES } from './hostileBodies.ts'
import { HOSTILE_DOCUMENTS } from './hostileDocuments.ts'
import { HttpTarget } from './httpTarget.ts'
import { untilRolledUp } from './rolledUp.ts'
import { BENCH_USER } from './writtenJobs.ts'

const CONNECTIONS = 20
const STREAMS = 2000
const OPENED_AT_ONCE = 20
const BATCH = 100
/** Maximum ratio of p95 with neighbours to p95 alone. */
const MAX_RATIO = 5
const MAX_DELAY_MS = 500

export interface NeighboursRow {
  readonly what: string
  /** p95, in milliseconds. */
  readonly alone: number
  readonly beside: number
  readonly goal: string
  readonly isMet: boolean
}

export interface NeighboursResult {
  readonly rows: readonly NeighboursRow[]
  /** Number of responses to hostile documents and hostile bodies, by status and code. */
  readonly hostile: readonly Readonly<Record<string, number>>[]
  /** Missed goals and wrong responses. */
  readonly faults: readonly string[]
}

export interface NeighboursOptions {
  readonly databaseUrl: string
  readonly client: pg.Client
  /** Duration of each measurement. */
  readonly seconds: number
}

const PAGE = JSON.stringify({ query: '{ jobs(first: 20) { nodes { id state createdAt } } }' })
const CREATE = `mutation ($inputs: [CreateJobInput!]!) {
  createJobs(inputs: $inputs) { __typename ... on CreateJobSuccess { job { jobId } } } }`
const SUBSCRIPTION = `subscription ($filter: JobStateRecordFilter) {
  jobEvents(filter: $filter) { record { job { jobId } } } }`

/** Number of streams of one caller whose events are 20 MiB each. */
const LARGE = { streams: 20, content: 'x'.repeat(1024 * 1024), aliases: 20 }
const LARGE_SUBSCRIPTION = `subscription ($filter: JobStateRecordFilter) { jobEvents(filter: $filter) { record { job {
  ${Array.from({ length: LARGE.aliases }, (_, n) => `a${n}: content`).join(' ')} } } } }`

export async function measureNeighbours({
  databaseUrl,
  client,
  seconds,
}: NeighboursOptions): Promise<NeighboursResult> {
  const program = startServerProcess({
    databaseUrl,
    isBuilt: true,
    environment: {
      ...PROTECTED,
      AUTH: '',
      MAINTENANCE_INTERVAL_SECONDS: '0',
      LIMIT_SUBSCRIPTIONS_PER_CALLER: '2000',
      // A page can take less than a millisecond.
      RATE_LIMIT_PER_SECOND: '0',
    },
  })
  try {
    const endpoint = await program.endpoint
    // The transactions that roll up a new data set are long, and events wait for them.
    await untilRolledUp(client)
    const [neighbour, hostile] = await Promise.all(['neighbour', 'hostile'].map((name) => callerOf(endpoint, name)))
    const documents = await besideRequests(neighbour as Caller, hostile as Caller, { ...DOCUMENTS, seconds })
    const bodies = await besideRequests(neighbour as Caller, hostile as Caller, { ...BODIES, seconds })
    const streams = await besideStreams(neighbour as Caller, hostile as Caller, seconds)
    const large = await besideLargeEvents(neighbour as Caller, hostile as Caller, seconds)
    const rows = [documents.row, bodies.row, ...streams, large]
    const faults = rows.filter(({ isMet }) => !isMet).map(({ what, goal }) => `${what}: not ${goal}`)
    return { rows, hostile: [documents, bodies].map(({ answered }) => answered), faults }
  } finally {
    program.kill('SIGTERM')
    await program.ended
  }
}

interface Caller {
  readonly target: HttpTarget
  readonly headers: Readonly<Record<string, string>>
}

const HOUR_SECONDS = 3600

async function callerOf(endpoint: string, name: string): Promise<Caller> {
  const exp = Math.floor(Date.now() / 1000) + HOUR_SECONDS
  const headers = { authorization: `Bearer ${await tokenOf(name, { roles: ['ADMIN'], claims: { exp } })}` }
  return { target: new HttpTarget(endpoint, CONNECTIONS, headers), headers }
}

/** p95 of a page that is requested repeatedly until `isOver`. */
async function pages({ target }: Caller, isOver: () => boolean): Promise<number> {
  const latencies = new Latencies()
  while (!isOver()) await latencies.time(() => target.send(PAGE))
  return latencies.figures['p95 ms']
}

function after(seconds: number): () => boolean {
  const end = performance.now() + seconds * 1000
  return () => performance.now() >= end
}

interface HostileRequests {
  readonly what: string
  readonly bodies: readonly string[]
  /** Number of concurrent requests. */
  readonly count: number
}

const DOCUMENTS: HostileRequests = {
  what: 'two hostile documents in a loop',
  bodies: HOSTILE_DOCUMENTS.map((query) => JSON.stringify({ query })),
  count: 2,
}
const BODIES: HostileRequests = { what: '20 connections with hostile bodies', bodies: HOSTILE_BODIES, count: 20 }

async function besideRequests(
  neighbour: Caller,
  hostile: Caller,
  { what, bodies, count, seconds }: HostileRequests & { readonly seconds: number },
) {
  await pages(neighbour, after(seconds / 3))
  const alone = await pages(neighbour, after(seconds))
  const answered: Record<string, number> = {}
  let isOver = false
  const loop = async (first: number): Promise<void> => {
    for (let n = first; !isOver; n += 1) {
      const { status, text } = await hostile.target.post(bodies[n % bodies.length] as string)
      const outcome = `${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? 'ok'}`
      answered[outcome] = (answered[outcome] ?? 0) + 1
    }
  }
  const loops = Array.from({ length: count }, (_, n) => loop(n))
  const beside = await pages(neighbour, after(seconds))
  isOver = true
  await Promise.all(loops)
  return { row: timesRow(`page of 20, beside ${what}`, alone, beside), answered }
}

async function besideStreams(neighbour: Caller, hostile: Caller, seconds: number): Promise<NeighboursRow[]> {
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  const heard = new Heard()
  try {
    await subscribe(neighbour, agent, { filter: { userId: NEIGHBOUR }, onText: heard.note })
    const alone = await pages(neighbour, after(seconds))
    const delayAlone = await delays(neighbour, heard, after(seconds))
    const open = pLimit(OPENED_AT_ONCE)
    const streams = Array.from({ length: STREAMS }, () =>
      open(() => subscribe(hostile, agent, { filter: { userId: BENCH_USER } })),
    )
    await Promise.all(streams)
    await createJobs(hostile, BENCH_USER, BATCH)
    const isOver = after(seconds)
    const [beside, delay] = await Promise.all([pages(neighbour, isOver), delays(neighbour, heard, isOver)])
    const what = `beside ${STREAMS} streams and a batch of ${BATCH}`
    return [timesRow(`page of 20, ${what}`, alone, beside), delayRow(`event delay, ${what}`, delayAlone, delay)]
  } finally {
    agent.destroy()
  }
}

async function besideLargeEvents(neighbour: Caller, hostile: Caller, seconds: number): Promise<NeighboursRow> {
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  const heard = new Heard()
  try {
    await subscribe(neighbour, agent, { filter: { userId: NEIGHBOUR }, onText: heard.note })
    const alone = await delays(neighbour, heard, after(seconds))
    const filter = { userId: LARGE_USER }
    const open = () => subscribe(hostile, agent, { filter, query: LARGE_SUBSCRIPTION })
    await Promise.all(Array.from({ length: LARGE.streams }, open))
    const isOver = after(seconds)
    const writing = (async () => {
      while (!isOver()) {
        await createJobs(hostile, LARGE_USER, 1, LARGE.content)
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    })()
    const beside = await delays(neighbour, heard, isOver)
    await writing
    return delayRow(`event delay, beside ${LARGE.streams} streams of events of ${LARGE.aliases} MiB`, alone, beside)
  } finally {
    agent.destroy()
  }
}

/** Time at which the event of each job arrived. */
class Heard extends Map<string, number> {
  readonly note = (text: string): void => {
    for (const [, jobId] of text.matchAll(/"jobId":"([^"]+)"/g)) this.set(jobId as string, performance.now())
  }
}

const LARGE_USER = `${BENCH_USER}-large`
const NEIGHBOUR = `${BENCH_USER}-neighbour`

/** p95 of the time from the response that confirms a new job to its event. */
async function delays(caller: Caller, heard: ReadonlyMap<string, number>, isOver: () => boolean): Promise<number> {
  const latencies = new Latencies()
  while (!isOver()) {
    const [jobId] = await createJobs(caller, NEIGHBOUR, 1)
    const answeredAt = performance.now()
    while (!heard.has(jobId as string)) await new Promise((resolve) => setTimeout(resolve, 1))
    latencies.record(Math.max(0, (heard.get(jobId as string) ?? 0) - answeredAt))
  }
  return latencies.figures['p95 ms']
}

async function createJobs({ target }: Caller, userId: string, count: number, content = 'x'): Promise<string[]> {
  const inputs = Array.from({ length: count }, () => ({ userId, content }))
  const { createJobs: results } = await target.ask<{ createJobs: { job?: { jobId: string } }[] }>(CREATE, { inputs })
  return results.map(({ job }) => {
    if (job === undefined) throw new WrongResponseError('the response has no new job')
    return job.jobId
  })
}

interface Subscribing {
  readonly filter: object
  readonly query?: string
  readonly onText?: (text: string) => void
}

function subscribe(caller: Caller, agent: Agent, { filter, query = SUBSCRIPTION, onText }: Subscribing): Promise<void> {
  const headers = { ...caller.headers, 'content-type': 'application/json', accept: 'text/event-stream' }
  return new Promise((resolve, reject) => {
    const outgoing = request(caller.target.endpoint, { method: 'POST', agent, headers }, (incoming) => {
      if (incoming.statusCode !== 200)
        reject(new WrongResponseError(`status ${incoming.statusCode} for a subscription`))
      if (onText) incoming.setEncoding('utf8').on('data', onText)
      else incoming.resume()
      incoming.once('error', () => undefined)
      resolve()
    })
    outgoing.once('error', reject)
    outgoing.end(JSON.stringify({ query, variables: { filter } }))
  })
}

function timesRow(what: string, alone: number, beside: number): NeighboursRow {
  return { what, alone, beside, goal: `under ${MAX_RATIO} x`, isMet: beside < MAX_RATIO * alone }
}

function delayRow(what: string, alone: number, beside: number): NeighboursRow {
  return { what, alone, beside, goal: `under ${MAX_DELAY_MS} ms`, isMet: beside < MAX_DELAY_MS }
}

export function neighboursMarkdown({ rows, hostile }: NeighboursResult): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [
    line(['what, p95', 'alone ms', 'beside ms', 'ratio', 'goal', '']),
    line(['---', '---:', '---:', '---:', '---', '---']),
    ...rows.map(({ what, alone, beside, goal, isMet }) =>
      line([what, alone, beside, `${(beside / alone).toFixed(1)} x`, goal, isMet ? 'met' : 'MISSED']),
    ),
    '',
    ...hostile.map((answered, n) => {
      const outcomes = Object.entries(answered).map(([outcome, count]) => `${count} x ${outcome}`)
      return `Responses to the hostile ${n === 0 ? 'documents' : 'bodies'}: ${outcomes.join(', ')}.`
    }),
    '',
  ].join('\n')
}
