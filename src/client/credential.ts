// The credential of our own clients. Tokens expire while a worker or a follower goes on, so a token may be a function that gives the
// current one.
import { ServerUnavailableError } from './requestErrors.ts'
import type { Answer } from './sendOperation.ts'

/**
 * A token or an API key; or a function that returns the current one. It is called for each request, and once more when the server
 * refuses what it returned: cache the token until it is about to expire. What it throws counts as an outage and is retried.
 */
export type Token = string | (() => string | Promise<string>)

/** Time limit of one call of a token function. Less than that of a request, which then says why there is no answer. */
const TOKEN_MS = 10_000

/** What fits into a header. */
const FORM = /^[\x21-\x7e]+$/

/** Whether a text can be a token. */
export function isToken(text: string): boolean {
  return FORM.test(text)
}

export class Credential {
  private readonly token: Token | undefined

  constructor(token: Token | undefined) {
    this.token = token
  }

  /** Whether another call may give another token. */
  get isRenewable(): boolean {
    return typeof this.token === 'function'
  }

  /** The headers of a request. @throws ServerAwayError if there is no token now; the reason of `signal` when that is aborted */
  async headers(signal: AbortSignal): Promise<Record<string, string>> {
    const { token } = this
    if (token === undefined) return {}
    if (typeof token === 'string') return { authorization: `Bearer ${token}` }
    return { authorization: `Bearer ${await currentToken(token, signal)}` }
  }

  /** Sends a request with these headers, and once more with new ones if the server refuses the credential. */
  async send<Data>(
    request: (headers: Record<string, string>) => Promise<Answer<Data>>,
    signal: AbortSignal,
  ): Promise<Answer<Data>> {
    const answer = await request(await this.headers(signal))
    const isRefused = answer.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED'
    return isRefused && this.isRenewable ? request(await this.headers(signal)) : answer
  }
}

async function currentToken(give: () => string | Promise<string>, signal: AbortSignal): Promise<string> {
  let giveUp = (): void => undefined
  let timer: NodeJS.Timeout | undefined
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    // Not AbortSignal.timeout: that does not keep the process alive.
    timer = setTimeout(() => reject(new Error(`it did not come within ${TOKEN_MS / 1000} s`)), TOKEN_MS)
  })
  try {
    signal.throwIfAborted()
    const token: unknown = await Promise.race([Promise.resolve().then(give), aborted])
    if (typeof token === 'string' && isToken(token)) return token
    throw new Error('it must be one word of printable ASCII')
  } catch (cause) {
    if (signal.aborted) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ServerUnavailableError(`There is no token now: ${why}.`, { cause, notProcessed: true })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}
