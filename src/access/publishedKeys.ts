// The keys that an issuer publishes (JSON Web Key Set, RFC 7517). They are fetched when they are needed, by jose; here is what happens
// when they cannot be had.
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from 'jose'

/** The keys cannot be had just now, which is no fault of any token. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError'
}

/** How long the issuer's key server may take. */
const TIMEOUT_MS = 5000
/** After a failure the issuer is left alone for so long, however many tokens come. */
export const KEYS_PAUSE_MS = 1000

/** Finds the key of a token. The function throws KeysUnavailableError; all else that it throws is the fault of the token. */
export function publishedKeys(url: URL): JWTVerifyGetKey {
  return createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MS, [customFetch]: withPauses(fetchKeys) })
}

function withPauses(fetchOnce: FetchImplementation): FetchImplementation {
  let failure: KeysUnavailableError | undefined
  let pauseEnds = 0
  return async (...request) => {
    if (failure !== undefined && performance.now() < pauseEnds) throw failure
    try {
      return await fetchOnce(...request)
    } catch (cause) {
      pauseEnds = performance.now() + KEYS_PAUSE_MS
      failure = new KeysUnavailableError('The keys of the issuer cannot be had', { cause })
      throw failure
    }
  }
}

/** A response that jose has nothing to say against. */
const fetchKeys: FetchImplementation = async (url, init) => {
  const response = await fetch(url, init)
  if (response.status !== 200) throw new Error(`The issuer answers with the status ${response.status} instead of 200.`)
  const keys = await response.json()
  createLocalJWKSet(keys)
  return Response.json(keys)
}
