// The errors of a request: temporary ones, and refusals that no retry fixes.
import { type ApiResponse, NotGraphQLResponseError } from './sendOperation.ts'

/** The server did not respond, or is temporarily unable to process the request. */
export class ServerUnavailableError extends Error {
  override readonly name = 'ServerUnavailableError'
  /** Milliseconds to wait before the next request, if the server sent Retry-After. */
  readonly retryAfterMs: number | undefined
  /**
   * The request was certainly not processed. Otherwise it may have been, and only the response was
   * lost.
   */
  readonly notProcessed: boolean

  constructor(message: string, { cause, retryAfterMs, notProcessed = false }: UnavailableDetails = {}) {
    super(message, { cause })
    this.retryAfterMs = retryAfterMs
    this.notProcessed = notProcessed
  }
}

interface UnavailableDetails {
  readonly cause?: unknown
  readonly retryAfterMs?: number | undefined
  readonly notProcessed?: boolean
}

/**
 * The server refuses the request, and retrying does not help. The message is complete: print it
 * without a stack trace.
 */
export class RequestRefusedError extends Error {
  override readonly name = 'RequestRefusedError'
  /**
   * UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, INVALID_INPUT; `HTTP_404` and the like if the API
   * did not respond itself.
   */
  readonly code: string
  /** The server's message. */
  readonly detail: string

  constructor(url: string, code: string, detail: string, { name, needs }: Requester = WORKER) {
    const hint = { UNAUTHENTICATED: 'that is valid', FORBIDDEN: needs }[code]
    super(
      `${url} refuses the ${name} (${code}): ${detail}${hint ? ` Give the ${name} a token or an API key ${hint}.` : ''}`,
    )
    this.code = code
    this.detail = detail
  }

  /** Whether the input is at fault, and not the credential. */
  get isAboutInput(): boolean {
    return this.code !== 'UNAUTHENTICATED' && this.code !== 'FORBIDDEN'
  }
}

/** The sender, for messages. */
export interface Requester {
  readonly name: string
  /** The credential that it needs. */
  readonly needs: string
}

const WORKER: Requester = { name: 'worker', needs: 'with the role WORKER' }

/** Codes of errors that no retry fixes. */
const REFUSALS = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'BAD_USER_INPUT'])

/** The failure that a response of the API reports, if any. */
export function failureOf(
  url: string,
  { errors, headers }: Pick<ApiResponse<unknown>, 'errors' | 'headers'>,
  requester = WORKER,
): Error | undefined {
  const [error] = errors ?? []
  if (error === undefined) return undefined
  const code = String(error.extensions?.code)
  if (REFUSALS.has(code)) return new RequestRefusedError(url, code, error.message, requester)
  const notProcessed = code === 'RATE_LIMITED' || code === 'UNAVAILABLE'
  return new ServerUnavailableError(`${error.message} (${code})`, {
    retryAfterMs: retryAfterMs(headers),
    notProcessed,
  })
}

/**
 * The outcome of a mutation, which is null only together with an error.
 *
 * @throws ServerUnavailableError if it is null without one
 */
export function outcomeOf<Outcome>(url: string, { outcome }: { readonly outcome: Outcome | null }): Outcome {
  if (outcome === null) throw new ServerUnavailableError(`${url} sent neither an outcome nor an error.`)
  return outcome
}

const TOO_LARGE = 413
/** Statuses below 500 that are temporary. */
const TEMPORARY = new Set([408, 421, 425, 429])
/** Error codes of connections that were never established. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Classifies a failure without a response of the API. `isKnown`: the API has responded at this URL
 * before, so another response now, such as that of a proxy without its server, is temporary.
 */
export function networkFailure(url: string, error: unknown, isKnown: boolean, requester = WORKER): Error {
  if (error instanceof ServerUnavailableError) return error
  if (!(error instanceof NotGraphQLResponseError)) {
    const { code, message } = rootOf(error)
    return new ServerUnavailableError(`${url} does not respond (${code ?? message}).`, {
      cause: error,
      notProcessed: code !== undefined && NOT_CONNECTED.has(code),
    })
  }
  const { status, headers, message } = error
  if (status === TOO_LARGE || (status < 500 && !TEMPORARY.has(status) && !isKnown)) {
    const detail = `${message}. Is this the endpoint of a Jobledger server?`
    return new RequestRefusedError(url, `HTTP_${status}`, detail, requester)
  }
  return new ServerUnavailableError(message, { cause: error, retryAfterMs: retryAfterMs(headers) })
}

/** `fetch` reports the reason as the cause of its error. */
function rootOf(error: unknown): { code: string | undefined; message: string } {
  let root = error as NodeJS.ErrnoException
  while (root.cause instanceof Error) root = root.cause as NodeJS.ErrnoException
  return { code: typeof root.code === 'string' ? root.code : undefined, message: root.message }
}

/** Retry-After in seconds, or as a date (RFC 9110, 10.2.3). */
function retryAfterMs(headers: Headers): number | undefined {
  const given = headers.get('retry-after')
  if (given === null) return undefined
  const ms = /^\d+$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
