// How often a caller may ask: a token bucket for each, in the memory of this replica.
import { GraphQLError } from 'graphql'
import { TokenBucket } from 'limiter'
import { LRUCache } from 'lru-cache'

export interface RateLimits {
  /** Requests per second that a caller may keep up. */
  readonly perSecond: number
  /** Requests at once, after a pause. */
  readonly burst: number
}

export interface RateLimiter {
  /** Counts a request of `caller`. The state of its bucket is told in `headers`. @throws GraphQLError with the code RATE_LIMITED */
  take(caller: string, answer: { readonly headers: { set(name: string, value: string): void } }): void
}

/** Callers that are remembered; the one that was away longest is forgotten, which fills its bucket. */
const CALLERS = 100_000

export function createRateLimiter({ perSecond, burst }: RateLimits): RateLimiter {
  const buckets = new LRUCache<string, TokenBucket>({ max: CALLERS })

  function bucketOf(caller: string): TokenBucket {
    const known = buckets.get(caller)
    if (known) return known
    const bucket = new TokenBucket({ bucketSize: burst, tokensPerInterval: perSecond, interval: 'second' })
    bucket.content = burst
    buckets.set(caller, bucket)
    return bucket
  }

  return {
    take(caller, { headers }) {
      const bucket = bucketOf(caller)
      const taken = bucket.tryRemoveTokens(1)
      const waitMs = taken ? 0 : bucket.getWaitTime(1)
      const seconds = Math.max(taken ? 0 : 1, Math.ceil(waitMs / 1000))
      // https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
      headers.set('ratelimit-policy', `"caller";q=${burst};w=${Math.ceil(burst / perSecond)}`)
      headers.set('ratelimit', `"caller";r=${Math.max(0, Math.floor(bucket.content))};t=${seconds}`)
      if (taken) return
      headers.set('retry-after', String(seconds))
      const message = `${caller} asks more than ${perSecond} times a second (${burst} at once); come back in ${seconds} s.`
      throw new GraphQLError(message, {
        extensions: { code: 'RATE_LIMITED', retryAfterSeconds: seconds, http: { status: 429 } },
      })
    },
  }
}
