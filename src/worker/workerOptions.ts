// What a worker is told to do, with the limits and defaults of each option.

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { isToken, type Token } from '../client/credential.ts'
import type { ClaimedJob, JobContext } from './claimedJob.ts'
import type { WorkerEvent } from './workerEvent.ts'

export interface WorkerOptions<Output = unknown> {
  /** The whole endpoint, such as `http://localhost:4000/graphql`. */
  readonly url: string
  /**
   * A token or an API key with the role WORKER; none for an open server. A function returns the current one: it is called for each
   * request, and once more when the server refuses what it returned. What it throws is retried, as an outage is.
   */
  readonly token?: Token | undefined
  /** Only jobs with one of these, 1 to 100; by default all jobs. */
  readonly presets?: readonly string[] | undefined
  /** So many jobs at once, 1 to 1000; 1 by default. */
  readonly concurrency?: number | undefined
  /** A job whose lease was not extended for so long is another's to take; 1 to 86400, 60 by default. */
  readonly leaseSeconds?: number | undefined
  /** Names this worker in the records, and no other; by default the host name, the process id and random letters. */
  readonly workerId?: string | undefined
  /** How long to wait, more or less, before an empty queue is looked at again; 1000 by default. */
  readonly pollMs?: number | undefined
  /** How long running jobs may go on after a stop was asked for; then they are aborted and given back. 30000 by default. */
  readonly drainMs?: number | undefined
  /** Asks for a stop when it is aborted: nothing is claimed any more, and running jobs are drained. */
  readonly signal?: AbortSignal | undefined
  /** Signals of the process that ask for a stop, and the second time end the drain; SIGTERM and SIGINT by default, [] for none. */
  readonly onSignals?: readonly NodeJS.Signals[] | undefined
  /** Does the work. What it resolves to is the output of the result, as JSON; what it throws is why the job failed. */
  handle(job: ClaimedJob, context: JobContext): Promise<Output>
  onEvent?(event: WorkerEvent): void
}

/** The options of a worker cannot be used. The message is complete: print it without a stack trace. */
export class WorkerOptionsError extends Error {
  override readonly name = 'WorkerOptionsError'
}

export interface WorkerSettings {
  readonly url: string
  readonly token: Token | undefined
  readonly presets: readonly string[] | undefined
  readonly concurrency: number
  readonly leaseSeconds: number
  readonly workerId: string
  /** Whether no other worker can have this id. */
  readonly hasGeneratedId: boolean
  readonly pollMs: number
  readonly drainMs: number
  readonly onSignals: readonly NodeJS.Signals[]
}

const DAY_SECONDS = 86_400
const DAY_MS = DAY_SECONDS * 1000
/** As many leases as the server extends at once. */
const MAX_CONCURRENCY = 1000
const MAX_PRESETS = 100
const NAME_CHARACTERS = 200

/** The options with their defaults. @throws WorkerOptionsError naming the first that cannot be used */
export function settingsOf(options: WorkerOptions): WorkerSettings {
  const { url, token, presets, workerId } = options
  if (typeof options.handle !== 'function') refuse('handle must be a function that does the work of one job.')
  checkUrl(url)
  // The credential itself is not repeated: this message may end up in a log.
  if (token !== undefined && typeof token !== 'function' && !isToken(token)) {
    refuse(
      'token must be one word of printable ASCII (a JSON Web Token or an API key), or a function that returns one.',
    )
  }
  if (presets !== undefined && (presets.length < 1 || presets.length > MAX_PRESETS)) {
    refuse(`presets must be 1 to ${MAX_PRESETS} names, or left out for all jobs; ${presets.length} came.`)
  }
  if (workerId !== undefined && (workerId.length < 1 || workerId.length > NAME_CHARACTERS)) {
    refuse(`workerId must be 1 to ${NAME_CHARACTERS} characters; ${workerId.length} came.`)
  }
  return {
    url,
    token,
    presets,
    concurrency: wholeNumber('concurrency', options.concurrency ?? 1, [1, MAX_CONCURRENCY]),
    leaseSeconds: wholeNumber('leaseSeconds', options.leaseSeconds ?? 60, [1, DAY_SECONDS]),
    workerId: workerId ?? `${hostname().slice(0, 100)}:${process.pid}:${randomBytes(4).toString('hex')}`,
    hasGeneratedId: workerId === undefined,
    pollMs: wholeNumber('pollMs', options.pollMs ?? 1000, [1, DAY_MS]),
    drainMs: wholeNumber('drainMs', options.drainMs ?? 30_000, [0, DAY_MS]),
    onSignals: options.onSignals ?? ['SIGTERM', 'SIGINT'],
  }
}

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    refuse(`url must be the whole endpoint of the server, such as http://localhost:4000/graphql; "${url}" came.`)
  }
  if (parsed.username !== '' || parsed.password !== '') {
    refuse('url must not hold a user name or a password: the credential goes into token.')
  }
}

function wholeNumber(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  return refuse(`${name} must be a whole number from ${least} to ${most}; ${value} came.`)
}

function refuse(message: string): never {
  throw new WorkerOptionsError(message)
}
