// The options of a worker, with their limits and defaults.

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { isToken, type Token } from '../client/credential.ts'
import type { ClaimedJob, JobContext } from './claimedJob.ts'
import type { WorkerEvent } from './workerEvent.ts'

export interface WorkerOptions<Output = unknown> {
  /** The full endpoint URL, such as `http://localhost:4000/graphql`. */
  readonly url: string
  /**
   * A token or an API key with the role WORKER; unset for an open server. A function returns the
   * current one: it is called for each request, and once more if the server refuses the result. If
   * it throws, the worker retries as for an outage.
   */
  readonly token?: Token | undefined
  /** Claims only jobs with one of these presets, 1 to 100 names. All jobs by default. */
  readonly presets?: readonly string[] | undefined
  /** Maximum number of jobs in progress, 1 to 1000. 1 by default. */
  readonly concurrency?: number | undefined
  /**
   * Seconds without an extension after which another worker may take the job, 1 to 86400. 60 by
   * default.
   */
  readonly leaseSeconds?: number | undefined
  /**
   * Unique name of this worker in the records, 1 to 200 characters. By default the host name,
   * process id and random letters.
   */
  readonly workerId?: string | undefined
  /**
   * Approximate time in milliseconds between two polls of an empty queue, 1 to 86400000. 1000 by
   * default.
   */
  readonly pollMs?: number | undefined
  /**
   * Milliseconds that running jobs may take after a stop is requested, 0 to 86400000. Then they are
   * aborted and released. 30000 by default.
   */
  readonly drainMs?: number | undefined
  /** Requests a stop when aborted: claiming ends, and running jobs are drained. */
  readonly signal?: AbortSignal | undefined
  /**
   * Process signals that request a stop; the second one ends the drain. SIGTERM and SIGINT by
   * default, [] for none.
   */
  readonly onSignals?: readonly NodeJS.Signals[] | undefined
  /** Does the work. Its result is the output, as JSON; what it throws is why the job failed. */
  handle(job: ClaimedJob, context: JobContext): Promise<Output>
  onEvent?(event: WorkerEvent): void
}

/** The options are invalid. The message is complete: print it without a stack trace. */
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
  /** Whether no other worker can have this id, because it contains random letters. */
  readonly hasGeneratedId: boolean
  readonly pollMs: number
  readonly drainMs: number
  readonly onSignals: readonly NodeJS.Signals[]
}

const DAY_SECONDS = 86_400
const DAY_MS = DAY_SECONDS * 1000
/** The server's maximum number of leases in one extension. */
const MAX_CONCURRENCY = 1000
const MAX_PRESETS = 100
const NAME_CHARACTERS = 200

/** Applies the defaults. @throws WorkerOptionsError naming the first invalid option */
export function settingsOf(options: WorkerOptions): WorkerSettings {
  const { url, token, presets, workerId } = options
  if (typeof options.handle !== 'function') refuse('`handle` must be a function that does the work of one job.')
  checkUrl(url)
  // The message may end up in a log: it must not contain the credential.
  if (token !== undefined && typeof token !== 'function' && !isToken(token)) {
    refuse(
      '`token` must be one word of printable ASCII (a JSON Web Token or an API key), or a function that returns one.',
    )
  }
  if (presets !== undefined && (presets.length < 1 || presets.length > MAX_PRESETS)) {
    refuse(`\`presets\` must contain 1 to ${MAX_PRESETS} names, or be unset for all jobs (got ${presets.length}).`)
  }
  if (workerId !== undefined && (workerId.length < 1 || workerId.length > NAME_CHARACTERS)) {
    refuse(`\`workerId\` must have 1 to ${NAME_CHARACTERS} characters (got ${workerId.length}).`)
  }
  return {
    url,
    token,
    presets,
    concurrency: integer('concurrency', options.concurrency ?? 1, [1, MAX_CONCURRENCY]),
    leaseSeconds: integer('leaseSeconds', options.leaseSeconds ?? 60, [1, DAY_SECONDS]),
    workerId: workerId ?? `${hostname().slice(0, 100)}:${process.pid}:${randomBytes(4).toString('hex')}`,
    hasGeneratedId: workerId === undefined,
    pollMs: integer('pollMs', options.pollMs ?? 1000, [1, DAY_MS]),
    drainMs: integer('drainMs', options.drainMs ?? 30_000, [0, DAY_MS]),
    onSignals: options.onSignals ?? ['SIGTERM', 'SIGINT'],
  }
}

function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    refuse(`\`url\` must be the full endpoint of the server, such as http://localhost:4000/graphql (got "${url}").`)
  }
  if (parsed.username !== '' || parsed.password !== '') {
    refuse('`url` must not contain a user name or password: pass the credential as `token`.')
  }
}

function integer(name: string, value: number, [min, max]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  return refuse(`\`${name}\` must be an integer from ${min} to ${max} (got ${value}).`)
}

function refuse(message: string): never {
  throw new WorkerOptionsError(message)
}
