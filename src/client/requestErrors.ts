// How a request can fail: so that the same request may succeed later, or so that it never will.
import { type Answer, NotGraphQLResponseError } from './sendOperation.ts'

/** The server did not answer, or could not do what was asked just now. */
export class ServerUnavailableError extends Error {
  override readonly name = 'ServerAwayError'
  /** Not to be asked again earlier than this from now, if the server said so. */
  readonly retryAfterMs: number | undefined
  /** It is certain that nothing was done. Otherwise it may have been, and only the answer was lost. */
  readonly notProcessed: boolean

  constructor(message: string, { cause, retryAfterMs, notProcessed = false }: UnavailableFacts = {}) {
    super(message, { cause })
    this.retryAfterMs = retryAfterMs
    this.notProcessed = notProcessed
  }
}

interface UnavailableFacts {
  readonly cause?: unknown
  readonly retryAfterMs?: number | undefined
  readonly notProcessed?: boolean
}

/** The server refuses the request, and will refuse it again. The message is complete: print it without a stack trace. */
export class RequestRefusedError extends Error {
  override readonly name = 'RequestRefusedError'
  /** UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT, INVALID_INPUT; HTTP_404 and the like where something else answered than the API. */
  readonly code: string
  /** What the server said. */
  readonly detail: string

  constructor(url: string, code: string, detail: string, { name, needs }: Requester = WORKER) {
    const hint = { UNAUTHENTICATED: 'that is good', FORBIDDEN: needs }[code]
    super(
      `${url} refuses the ${name} (${code}): ${detail}${hint ? ` Give the ${name} a token or an API key ${hint}.` : ''}`,
    )
    this.code = code
    this.detail = detail
  }

  /** Whether it is what was sent that is at fault, and not who sends it. */
  get isAboutInput(): boolean {
    return this.code !== 'UNAUTHENTICATED' && this.code !== 'FORBIDDEN'
  }
}

/** Whose request it is, as its messages say. */
export interface Requester {
  readonly name: string
  /** Which credential does. */
  readonly needs: string
}

const WORKER: Requester = { name: 'worker', needs: 'with the role WORKER' }

/** Codes of what the API will not do however often it is asked. */
const REFUSALS = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'BAD_USER_INPUT'])

/** The failure that an answer of the API tells of; undefined if it tells of none. */
export function failureOf(
  url: string,
  { errors, headers }: Pick<Answer<unknown>, 'errors' | 'headers'>,
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
 * The outcome of a mutation, which is null only beside an error.
 *
 * @throws ServerAwayError if it is null without one
 */
export function outcomeOf<Outcome>(url: string, { outcome }: { readonly outcome: Outcome | null }): Outcome {
  if (outcome === null) throw new ServerUnavailableError(`${url} answered with neither an outcome nor an error.`)
  return outcome
}

const TOO_LARGE = 413
/** Statuses below 500 that are about the moment, not about the request. */
const PASSING = new Set([408, 421, 425, 429])
/** What a connection that never came to be fails with. */
const UNREACHED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * What it means that no answer of the API came. `isKnown`: it has answered before, so this is the right address, and what answers
 * now - a proxy without a server behind it - is there for a while only.
 */
export function networkFailure(url: string, error: unknown, isKnown: boolean, requester = WORKER): Error {
  if (error instanceof ServerUnavailableError) return error
  if (!(error instanceof NotGraphQLResponseError)) {
    const { code, message } = rootOf(error)
    return new ServerUnavailableError(`${url} does not answer (${code ?? message}).`, {
      cause: error,
      notProcessed: code !== undefined && UNREACHED.has(code),
    })
  }
  const { status, headers, message } = error
  if (status === TOO_LARGE || (status < 500 && !PASSING.has(status) && !isKnown)) {
    const detail = `${message}. Is this the endpoint of a Jobledger server?`
    return new RequestRefusedError(url, `HTTP_${status}`, detail, requester)
  }
  return new ServerUnavailableError(message, { cause: error, retryAfterMs: retryAfterMs(headers) })
}

/** What `fetch` was stopped by is the cause of its error; of several addresses each has an error of its own. */
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
