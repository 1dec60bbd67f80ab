// How often a caller may ask: a token bucket for each, in the memory of this replica.
import { GraphQLError } from 'graphql'
import { TokenBucket } from 'limiter'
import { LRUCache } from 'lru-cache'
import { Attempts } from './attempts.ts'

export interface RateLimits {
  /** Requests per second that a caller may keep up. */
  readonly perSecond: number
  /** Requests at once, after a pause. */
  readonly burst: number
}

export interface RateLimiter {
  /** Counts a request of `caller`. The state of its bucket is told in `headers`. @throws GraphQLError with the code RATE_LIMITED */
  take(caller: string, answer: Answer): void
  /** For what counts as a request of `caller` only if it fails. */
  attempt(caller: string, answer: Answer): CountedAttempt
}

export interface CountedAttempt {
  /**
   * To be awaited before something is done that costs. Attempts of one caller are let begin only while all that have begun may fail;
   * the others wait for how those end.
   *
   * @throws GraphQLError with the code RATE_LIMITED if the caller may fail no more
   */
  begin(): Promise<void>
  succeed(): void
  /** Counts it. @throws GraphQLError with the code RATE_LIMITED */
  fail(): void
}

interface Answer {
  readonly headers: { set(name: string, value: string): void }
}

/** Callers that are remembered; the one that was away longest is forgotten, which fills its bucket. */
const CALLERS = 100_000

interface Account {
  readonly bucket: TokenBucket
  readonly attempts: Attempts
}

export function createRateLimiter({ perSecond, burst }: RateLimits): RateLimiter {
  const accounts = new LRUCache<string, Account>({ max: CALLERS })

  function accountOf(caller: string): Account {
    const known = accounts.get(caller)
    if (known) return known
    const bucket = new TokenBucket({ bucketSize: burst, tokensPerInterval: perSecond, interval: 'second' })
    bucket.content = burst
    const account = { bucket, attempts: new Attempts(bucket) }
    accounts.set(caller, account)
    return account
  }

  /** Seconds until there is a token. Sets the headers of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
  function tell({ bucket }: Account, { headers }: Answer): number {
    const seconds = Math.ceil(bucket.getWaitTime(1) / 1000)
    headers.set('ratelimit-policy', `"caller";q=${burst};w=${Math.ceil(burst / perSecond)}`)
    headers.set('ratelimit', `"caller";r=${Math.max(0, Math.floor(bucket.content))};t=${seconds}`)
    return seconds
  }

  function refuse(caller: string, answer: Answer): never {
    // A token may have come this moment, for the next request.
    const seconds = Math.max(1, tell(accountOf(caller), answer))
    answer.headers.set('retry-after', String(seconds))
    const message = `${caller} asks more than ${perSecond} times a second (${burst} at once); come back in ${seconds} s.`
    throw new GraphQLError(message, {
      extensions: { code: 'RATE_LIMITED', retryAfterSeconds: seconds, http: { status: 429 } },
    })
  }

  function take(caller: string, answer: Answer): void {
    const account = accountOf(caller)
    if (!account.bucket.tryRemoveTokens(1)) refuse(caller, answer)
    tell(account, answer)
  }

  return {
    take,
    attempt(caller, answer) {
      const account = accountOf(caller)
      const attempt = account.attempts.open()
      return {
        async begin() {
          if (!(await attempt.begin())) refuse(caller, answer)
        },
        succeed: () => void attempt.end('succeeded'),
        fail() {
          if (attempt.end('failed')) tell(account, answer)
          else take(caller, answer)
        },
      }
    },
  }
}
