// The limits of jobs, documents, requests and subscriptions, from the variables.
import type { DocumentLimits } from '../graphql/limits/documentLimits.ts'
import type { RateLimits } from '../http/guards/rateLimit.ts'
import type { Limits } from '../ledger/limits.ts'
import { accessSettings } from './access.ts'
import type { Variables } from './variables.ts'

export interface EventSettings {
  /** Interval at which new records are read while there are subscriptions. */
  readonly pollMs: number
  /** Maximum number of subscriptions of this server. */
  readonly maxSubscriptions: number
  /** Maximum number of subscriptions of one caller. */
  readonly maxSubscriptionsPerCaller: number
  /** Interval of keep-alive messages on an idle stream. */
  readonly pingMs: number
}

export function eventSettings(env: Variables): EventSettings {
  return {
    pollMs: env.EVENTS_POLL_MS,
    pingMs: env.EVENTS_PING_MS,
    maxSubscriptions: env.LIMIT_SUBSCRIPTIONS,
    maxSubscriptionsPerCaller: subscriptionsPerCaller(env),
  }
}

export function ledgerLimits(env: Variables): Limits {
  return {
    contentBytes: env.LIMIT_CONTENT_BYTES,
    metadataBytes: env.LIMIT_METADATA_BYTES,
    outputBytes: env.LIMIT_OUTPUT_BYTES,
    reasonBytes: env.LIMIT_REASON_BYTES,
    errorMessageBytes: env.LIMIT_ERROR_MESSAGE_BYTES,
    nameCharacters: env.LIMIT_NAME_CHARACTERS,
    batchItems: env.LIMIT_BATCH_ITEMS,
    bulkJobs: env.LIMIT_BULK_JOBS,
    pageSize: env.LIMIT_PAGE_SIZE,
    defaultPageSize: env.LIMIT_DEFAULT_PAGE_SIZE,
  }
}

export function documentLimits(env: Variables): DocumentLimits {
  return {
    bytes: env.LIMIT_DOCUMENT_BYTES,
    tokens: env.LIMIT_DOCUMENT_TOKENS,
    depth: env.LIMIT_DOCUMENT_DEPTH,
    aliases: env.LIMIT_DOCUMENT_ALIASES,
    directives: env.LIMIT_DOCUMENT_DIRECTIVES,
    cost: env.LIMIT_DOCUMENT_COST,
  }
}

/** Maximum requests per second of an authenticated caller, by default. */
const DEFAULT_RATE = 1000

export function rateLimits(env: Variables): RateLimits | undefined {
  const perSecond = env.RATE_LIMIT_PER_SECOND ?? (accessSettings(env).mode === 'open' ? 0 : DEFAULT_RATE)
  return perSecond === 0 ? undefined : { perSecond, burst: env.RATE_LIMIT_BURST ?? 2 * perSecond }
}

/** All callers of an open server count as one. */
function subscriptionsPerCaller(env: Variables): number {
  const all = env.LIMIT_SUBSCRIPTIONS
  if (env.LIMIT_SUBSCRIPTIONS_PER_CALLER !== undefined) return env.LIMIT_SUBSCRIPTIONS_PER_CALLER
  return accessSettings(env).mode === 'open' ? all : Math.ceil(all / 10)
}
