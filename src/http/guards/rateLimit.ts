// Limits how often each caller may send requests, with one token bucket per caller in the memory of
// this replica.
import { GraphQLError } from 'graphql'
import { TokenBucket } from 'limiter'
import { LRUCache } from 'lru-cache'
import { Attempts } from './attempts.ts'

export interface RateLimits {
  /** Requests per second that a caller may sustain. */
  readonly perSecond: number
  /** Requests that a caller may send at once after a pause. */
  readonly burst: number
}

export interface RateLimiter {
  /**
   * Counts a request of `caller` and sets the rate limit headers.
   *
   * @throws GraphQLError with the code RATE_LIMITED
   */
  take(caller: string, response: ResponseHeaders): void
  /** An attempt that counts as a request of `caller` only if it fails. */
  attempt(caller: string, response: ResponseHeaders): CountedAttempt
}

export interface CountedAttempt {
  /**
   * Await this before expensive work. No more attempts of a caller run at once than it may fail;
   * the others wait for the outcome of those.
   *
   * @throws GraphQLError with the code RATE_LIMITED if the caller has used up its failures
   */
  begin(): Promise<void>
  succeed(): void
  /** Counts the failure. @throws GraphQLError with the code RATE_LIMITED */
  fail(): void
}

interface ResponseHeaders {
  setHeader(name: string, value: string): unknown
}

/**
 * Maximum number of callers in memory. The least recently seen one is dropped, which refills its
 * bucket.
 */
const MAX_CALLERS = 100_000

interface Account {
  readonly bucket: TokenBucket
  readonly attempts: Attempts
}

export function createRateLimiter({ perSecond, burst }: RateLimits): RateLimiter {
  const accounts = new LRUCache<string, Account>({ max: MAX_CALLERS })

  function accountOf(caller: string): Account {
    const existing = accounts.get(caller)
    if (existing) return existing
    const bucket = new TokenBucket({ bucketSize: burst, tokensPerInterval: perSecond, interval: 'second' })
    bucket.content = burst
    const account = { bucket, attempts: new Attempts(bucket) }
    accounts.set(caller, account)
    return account
  }

  /**
   * Returns the seconds until the next token. Sets the headers of
   * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
   */
  function setHeaders({ bucket }: Account, response: ResponseHeaders): number {
    const seconds = Math.ceil(bucket.getWaitTime(1) / 1000)
    response.setHeader('ratelimit-policy', `"caller";q=${burst};w=${Math.ceil(burst / perSecond)}`)
    response.setHeader('ratelimit', `"caller";r=${Math.max(0, Math.floor(bucket.content))};t=${seconds}`)
    return seconds
  }

  function refuse(caller: string, response: ResponseHeaders): never {
    // A token may have become available since the check.
    const seconds = Math.max(1, setHeaders(accountOf(caller), response))
    response.setHeader('retry-after', String(seconds))
    const message = `${caller} exceeded the rate limit of ${perSecond} requests per second (burst ${burst}). Retry in ${seconds} s.`
    throw new GraphQLError(message, {
      extensions: { code: 'RATE_LIMITED', retryAfterSeconds: seconds, http: { status: 429 } },
    })
  }

  function take(caller: string, response: ResponseHeaders): void {
    const account = accountOf(caller)
    if (!account.bucket.tryRemoveTokens(1)) refuse(caller, response)
    setHeaders(account, response)
  }

  return {
    take,
    attempt(caller, response) {
      const account = accountOf(caller)
      const attempt = account.attempts.open()
      return {
        async begin() {
          if (!(await attempt.begin())) refuse(caller, response)
        },
        succeed: () => void attempt.end('succeeded'),
        fail() {
          if (attempt.end('failed')) setHeaders(account, response)
          else take(caller, response)
        },
      }
    },
  }
}
