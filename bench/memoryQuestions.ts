// The requests of the case `memory`, and what their responses must contain.
import { request } from 'node:http'
import type pg from 'pg'
import { WrongResponseError } from './benchError.ts'
import { BENCH_USER, type Move } from './writtenJobs.ts'

export interface Question {
  readonly body: string
  /** Default: application/json. */
  readonly type?: string
  /** Default: 200. */
  readonly status?: number
  /** Text that the response must contain. */
  readonly expected: string
}

const SAMPLED_JOBS = 500

const JOB = 'query Job($id: ID!) { job(id: $id) { jobId userId content preset state version createdAt completedAt } }'
const PAGE = 'query Page { jobs(first: 20) { nodes { jobId userId state createdAt } pageInfo { endCursor } } }'
const NESTED = `query Nested { jobs(first: 20) { nodes { jobId userId state createdAt
  stateHistory(first: 5) { nodes { sequence previousState newState actor timestamp } } result { status createdAt } } } }`
const FILTERED = `query Filtered($filter: JobFilter, $first: Int) {
  jobs(first: $first, filter: $filter) { nodes { jobId state } } }`
const COUNTS = 'query Counts { jobCountsByState { state count } }'
const CREATE = `mutation Create($input: CreateJobInput!) {
  createJob(input: $input) { __typename ... on CreateJobSuccess { job { jobId version } } } }`
export const MOVE = `mutation Move($input: TransitionJobInput!) {
  transitionJob(input: $input) { __typename ... on Error { code message } ... on TransitionJobSuccess { job { jobId version } } } }`
const SUBSCRIPTION = 'subscription Bench { jobEvents(filter: { userId: "idle" }) { cursor } }'

/** The variables of a transition. */
export function moveOf([move]: readonly Move[]): object {
  return { input: { jobId: move?.job.id, to: move?.to } }
}

const STATES = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED']

/** Some of the states, in varying order. */
function statesOf(number: number): string[] {
  return STATES.map((_, index) => STATES[(index + number) % STATES.length] as string).slice(0, 1 + (number % 4))
}

/** The requests by kind. `number` makes two requests of a kind different. */
export class Questions {
  private readonly ids: readonly string[]
  private readonly user: string

  private constructor(ids: readonly string[], user: string) {
    this.ids = ids
    this.user = user
  }

  /** Requests about jobs of the data set. */
  static async about(client: pg.Client): Promise<Questions> {
    const { rows } = await client.query<{ id: string; user_id: string }>(
      `SELECT id, user_id FROM jobs WHERE deleted_at IS NULL AND user_id <> $1 ORDER BY id DESC LIMIT ${SAMPLED_JOBS}`,
      [BENCH_USER],
    )
    return new Questions(
      rows.map(({ id }) => id),
      rows[0]?.user_id ?? '',
    )
  }

  job(number: number): Question {
    const id = this.idOf(number)
    return { body: JSON.stringify({ query: JOB, variables: { id } }), expected: id }
  }

  page(): Question {
    return { body: JSON.stringify({ query: PAGE }), expected: '"endCursor"' }
  }

  'nested page'(): Question {
    return { body: JSON.stringify({ query: NESTED }), expected: '"stateHistory"' }
  }

  'filtered page'(number: number): Question {
    const filter = number % 2 === 0 ? { userId: this.user } : { states: statesOf(number) }
    const variables = { filter, first: 1 + (number % 50) }
    return { body: JSON.stringify({ query: FILTERED, variables }), expected: '"nodes":[{' }
  }

  /**
   * Inline arguments in varying number, so that neither the document nor the SQL statement has been
   * seen before.
   */
  'new document'(number: number): Question {
    const ids = Array.from({ length: 1 + (number % 20) }, (_, index) => this.idOf(number + index))
    const query = `query New${number} {
      jobs(first: ${1 + (number % 30)}, filter: { states: [${statesOf(number)}], presets: ["p${number}"] }) { nodes { jobId } }
      nodes(ids: ${JSON.stringify(ids)}) { ... on Job { jobId state } } }`
    return { body: JSON.stringify({ query }), expected: ids[0] as string }
  }

  counts(): Question {
    return { body: JSON.stringify({ query: COUNTS }), expected: '"COMPLETED"' }
  }

  'long way'(number: number): Question {
    return { ...this.job(number), type: 'application/json; charset=utf-8' }
  }

  refused(number: number): Question {
    const jobId = number % 2 === 0 ? '00000000-0000-7000-8000-000000000000' : this.idOf(number)
    const variables = { input: { jobId, to: 'COMPLETED', expectedVersion: 1_000_000 } }
    return { body: JSON.stringify({ query: MOVE, variables }), expected: '"code":"' }
  }

  malformed(number: number): Question {
    const all: Question[] = [
      { body: `{"query": "{ a${number}`, status: 400, expected: 'BAD_USER_INPUT' },
      { body: '[]', status: 400, expected: 'BAD_USER_INPUT' },
      { body: JSON.stringify({ query: JOB, variables: { id: [number] } }), expected: 'BAD_USER_INPUT' },
      { body: 'query=x', type: 'text/plain', status: 403, expected: 'FORBIDDEN' },
    ]
    return all[number % all.length] as Question
  }

  'new wrong document'(number: number): Question {
    const query = number % 2 === 0 ? `{ nothing${number} }` : `{ jobCount ${number}`
    return { body: JSON.stringify({ query }), expected: 'BAD_USER_INPUT' }
  }

  create(number: number): Question {
    const input = { userId: BENCH_USER, content: `job ${number}`, metadata: { number } }
    return { body: JSON.stringify({ query: CREATE, variables: { input } }), expected: '"version":1' }
  }

  private idOf(number: number): string {
    return this.ids[number % this.ids.length] as string
  }
}

/** Delays after which clients disconnect. */
export type Leaving = 'while sending' | 'while waiting' | 'while subscribed'

/** Sends a request on a connection of its own, and closes that connection. */
export function leave(endpoint: URL, when: Leaving): Promise<void> {
  const body = JSON.stringify({ query: when === 'while subscribed' ? SUBSCRIPTION : NESTED })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(when === 'while subscribed' && { accept: 'text/event-stream' }),
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(endpoint, { method: 'POST', agent: false, headers })
    const go = (): void => void outgoing.destroy()
    outgoing.once('response', ({ statusCode }) => {
      if (statusCode !== 200)
        reject(new WrongResponseError(`status ${statusCode} for a client that disconnects ${when}`))
      go()
    })
    outgoing.once('error', () => undefined).once('close', resolve)
    if (when === 'while sending') outgoing.write(body.slice(0, 10), go)
    else outgoing.end(body, when === 'while waiting' ? go : undefined)
  })
}
