// The keys that an issuer publishes (JSON Web Key Set, RFC 7517), fetched by jose. A set that was fetched stays in use until a newer one
// replaces it: an issuer that is unavailable must not lock out callers whose tokens are valid.
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

/** Whether the token is valid cannot be decided now, because its key cannot be fetched. Not the fault of the token. */
export class KeysUnavailableError extends RetryableError {
  override readonly name = 'KeysUnavailableError'
  readonly apiCode = 'UNAVAILABLE'
}

export interface PublishedKeysEvents {
  /** The set could not be refreshed; the last one, of this age, stays in use. */
  onRefreshFailure(facts: { readonly err: unknown; readonly ageSeconds: number }): void
}

/** Time limit of one request to the issuer. */
const TIMEOUT_MS = 5000
/** After this time the set is refreshed in the background, by the next token. */
export const KEYS_REFRESH_MS = 600_000
/** After a failed request the issuer is not asked again for this time. */
const FAILURE_BACKOFF_MS = 1000
/** Minimum time between two requests for an unknown key id, which anybody can make up. */
const LOOKUP_INTERVAL_MS = 5000

/** Finds the key of a token. The function throws KeysUnavailableError; all else that it throws is the fault of the token. */
export function publishedKeys(url: URL, { onRefreshFailure }: PublishedKeysEvents): JWTVerifyGetKey {
  let fetched = { askedAt: Number.NEGATIVE_INFINITY, ids: new Set<string | undefined>() }
  const fetchSet: FetchImplementation = async (...request) => {
    const askedAt = performance.now()
    const keySet = await fetchKeySet(...request)
    fetched = { askedAt, ids: new Set(keySet.keys.map(({ kid }) => kid)) }
    return Response.json(keySet)
  }
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: TIMEOUT_MS,
    // When to ask again is decided here.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
    [customFetch]: withPauses(fetchSet),
  })

  function refreshInBackground(): void {
    const ageMs = performance.now() - fetched.askedAt
    const isFirst = ageMs === Number.POSITIVE_INFINITY
    if (isFirst || ageMs < KEYS_REFRESH_MS || keys.reloading) return
    keys.reload().catch((err: unknown) => onRefreshFailure({ err, ageSeconds: Math.round(ageMs / 1000) }))
  }

  /** Asks the issuer for a key that the set does not have. @throws KeysUnavailableError */
  async function lookUp(): Promise<void> {
    const waitMs = fetched.askedAt + LOOKUP_INTERVAL_MS - performance.now()
    if (waitMs > 0 && !keys.reloading) throw unavailable(new Error('the issuer was asked just now'), waitMs)
    await keys.reload()
  }

  return async (header, token) => {
    const arrivedAt = performance.now()
    refreshInBackground()
    try {
      return await keys(header, token)
    } catch (error) {
      const { askedAt, ids } = fetched
      // Decided by the set, unless the issuer may have published the key since it was fetched.
      if (!(error instanceof errors.JWKSNoMatchingKey) || ids.has(header?.kid) || askedAt >= arrivedAt) throw error
      await lookUp()
      return keys(header, token)
    }
  }
}

function unavailable(cause: unknown, retryAfterMs: number): KeysUnavailableError {
  const message = 'The key of the token cannot be fetched from its issuer now; retry later.'
  return new KeysUnavailableError(message, { cause, retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) })
}

function withPauses(fetchOnce: FetchImplementation): FetchImplementation {
  let failure: KeysUnavailableError | undefined
  let pauseEnds = 0
  return async (...request) => {
    if (failure !== undefined && performance.now() < pauseEnds) throw failure
    try {
      return await fetchOnce(...request)
    } catch (cause) {
      pauseEnds = performance.now() + FAILURE_BACKOFF_MS
      failure = unavailable(cause, FAILURE_BACKOFF_MS)
      throw failure
    }
  }
}

/** A set that jose accepts and that has a usable key: an issuer that is just starting must not replace a good set by an empty one. */
async function fetchKeySet(...[url, init]: Parameters<FetchImplementation>): Promise<JSONWebKeySet> {
  const response = await fetch(url, init)
  if (response.status !== 200) throw new Error(`The issuer answered with status ${response.status} instead of 200.`)
  const keySet = (await response.json()) as JSONWebKeySet
  createLocalJWKSet(keySet)
  if (!keySet.keys.some(isUsable)) throw new Error('The issuer answered with a key set that has no usable key.')
  return keySet
}

/** Whether a signature can be verified with the key. */
function isUsable(key: JWK): boolean {
  if ((key.use ?? 'sig') !== 'sig' || key.key_ops?.includes('verify') === false) return false
  try {
    return algorithmsOf(createPublicKey({ key, format: 'jwk' })).length > 0
  } catch {
    return false
  }
}
