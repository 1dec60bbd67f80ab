// The credential of our own clients. Tokens expire while a client runs, so a token may be a
// function that returns the current one.
import { ServerUnavailableError } from './requestErrors.ts'
import type { ApiResponse } from './sendOperation.ts'

/**
 * A token or an API key; or a function that returns the current one. It is called for each request,
 * and once more if the server refuses the result: cache the token until shortly before it expires.
 * An error that it throws counts as an outage and is retried.
 */
export type Token = string | (() => string | Promise<string>)

/**
 * Time limit of one call of a token function: shorter than that of a request, so that the error
 * names the cause.
 */
const TOKEN_MS = 10_000

/** Characters that are valid in a header. */
const TOKEN_PATTERN = /^[\x21-\x7e]+$/

/** Whether `text` can be a token. */
export function isToken(text: string): boolean {
  return TOKEN_PATTERN.test(text)
}

export class Credential {
  private readonly token: Token | undefined

  constructor(token: Token | undefined) {
    this.token = token
  }

  /** Whether the token is a function, so that another call may return a new token. */
  get isRenewable(): boolean {
    return typeof this.token === 'function'
  }

  /**
   * The headers of a request.
   *
   * @throws ServerUnavailableError if the token function fails; the reason of `signal` if aborted
   */
  async headers(signal: AbortSignal): Promise<Record<string, string>> {
    const { token } = this
    if (token === undefined) return {}
    if (typeof token === 'string') return { authorization: `Bearer ${token}` }
    return { authorization: `Bearer ${await currentToken(token, signal)}` }
  }

  /** Sends a request, and repeats it once with a new token if the server refuses the credential. */
  async send<Data>(
    request: (headers: Record<string, string>) => Promise<ApiResponse<Data>>,
    signal: AbortSignal,
  ): Promise<ApiResponse<Data>> {
    const answer = await request(await this.headers(signal))
    const isRefused = answer.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED'
    return isRefused && this.isRenewable ? request(await this.headers(signal)) : answer
  }
}

async function currentToken(getToken: () => string | Promise<string>, signal: AbortSignal): Promise<string> {
  let onAbort = (): void => undefined
  let timer: NodeJS.Timeout | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    // Not AbortSignal.timeout: that does not keep the process alive.
    timer = setTimeout(
      () => reject(new Error(`the token function did not finish within ${TOKEN_MS / 1000} s`)),
      TOKEN_MS,
    )
  })
  try {
    signal.throwIfAborted()
    const token: unknown = await Promise.race([Promise.resolve().then(getToken), aborted])
    if (typeof token === 'string' && isToken(token)) return token
    throw new Error('the token must be one word of printable ASCII')
  } catch (cause) {
    if (signal.aborted) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ServerUnavailableError(`No token is available: ${why}.`, { cause, notProcessed: true })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
