// The keys that an issuer publishes (JSON Web Key Set, RFC 7517), fetched by jose. A key set stays
// in use until a newer one replaces it: valid tokens must work while the issuer is unavailable.
import { createPublicKey } from 'node:crypto'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from 'jose'
import { RetryableError } from '../database/retryableErrors.ts'
import { algorithmsOf } from './publicKeys.ts'

/**
 * The token cannot be verified at the moment, because its key cannot be fetched. The token may be
 * valid.
 */
export class KeysUnavailableError extends RetryableError {
  override readonly name = 'KeysUnavailableError'
  readonly apiCode = 'UNAVAILABLE'
}

export interface PublishedKeysEvents {
  /** The key set could not be refreshed. The old one, of this age, stays in use. */
  onRefreshFailure(facts: { readonly err: unknown; readonly ageSeconds: number }): void
}

/** Timeout of a request to the issuer. */
const TIMEOUT_MS = 5000
/** Age at which the next token starts a refresh in the background. */
export const KEYS_REFRESH_MS = 600_000
/** Minimum time between a failed request to the issuer and the next one. */
const FAILURE_BACKOFF_MS = 1000
/** Minimum time between two requests for unknown key ids. Any client can invent key ids. */
const LOOKUP_INTERVAL_MS = 5000

/**
 * Creates a function that finds the key of a token. It throws KeysUnavailableError; any other error
 * means that the token is not valid.
 */
export function publishedKeys(url: URL, { onRefreshFailure }: PublishedKeysEvents): JWTVerifyGetKey {
  let fetched = { requestedAt: Number.NEGATIVE_INFINITY, ids: new Set<string | undefined>() }
  const fetchSet: FetchImplementation = async (...request) => {
    const requestedAt = performance.now()
    const keySet = await fetchKeySet(...request)
    fetched = { requestedAt, ids: new Set(keySet.keys.map(({ kid }) => kid)) }
    return Response.json(keySet)
  }
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: TIMEOUT_MS,
    // This file decides when to refresh.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
    [customFetch]: withBackoff(fetchSet),
  })

  function refreshInBackground(): void {
    const ageMs = performance.now() - fetched.requestedAt
    const isFirst = ageMs === Number.POSITIVE_INFINITY
    if (isFirst || ageMs < KEYS_REFRESH_MS || keys.reloading) return
    keys.reload().catch((err: unknown) => onRefreshFailure({ err, ageSeconds: Math.round(ageMs / 1000) }))
  }

  /** Fetches the key set again, for a key that it does not contain. @throws KeysUnavailableError */
  async function lookUp(): Promise<void> {
    const waitMs = fetched.requestedAt + LOOKUP_INTERVAL_MS - performance.now()
    if (waitMs > 0 && !keys.reloading) throw unavailable(new Error('the key set was fetched moments ago'), waitMs)
    await keys.reload()
  }

  return async (header, token) => {
    const arrivedAt = performance.now()
    refreshInBackground()
    try {
      return await keys(header, token)
    } catch (error) {
      const { requestedAt, ids } = fetched
      // The error is final unless the issuer may have published the key since the set was fetched.
      if (!(error instanceof errors.JWKSNoMatchingKey) || ids.has(header?.kid) || requestedAt >= arrivedAt) throw error
      await lookUp()
      return keys(header, token)
    }
  }
}

function unavailable(cause: unknown, retryAfterMs: number): KeysUnavailableError {
  const reason = 'Token signing keys are temporarily unavailable.'
  return new KeysUnavailableError(reason, { cause, retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) })
}

function withBackoff(fetchOnce: FetchImplementation): FetchImplementation {
  let failure: KeysUnavailableError | undefined
  let backoffEndsAt = 0
  return async (...request) => {
    if (failure !== undefined && performance.now() < backoffEndsAt) throw failure
    try {
      return await fetchOnce(...request)
    } catch (cause) {
      backoffEndsAt = performance.now() + FAILURE_BACKOFF_MS
      failure = unavailable(cause, FAILURE_BACKOFF_MS)
      throw failure
    }
  }
}

/**
 * Refuses a key set without a usable key: an issuer that is starting must not replace a good set
 * with an empty one.
 */
async function fetchKeySet(...[url, init]: Parameters<FetchImplementation>): Promise<JSONWebKeySet> {
  const response = await fetch(url, init)
  if (response.status !== 200) throw new Error(`The issuer responded with status ${response.status} (expected 200).`)
  const keySet = (await response.json()) as JSONWebKeySet
  createLocalJWKSet(keySet)
  if (!keySet.keys.some(isUsable)) throw new Error('The key set of the issuer contains no usable key.')
  return keySet
}

/** Whether the key can verify signatures. */
function isUsable(key: JWK): boolean {
  if ((key.use ?? 'sig') !== 'sig' || key.key_ops?.includes('verify') === false) return false
  try {
    return algorithmsOf(createPublicKey({ key, format: 'jwk' })).length > 0
  } catch {
    return false
  }
}
