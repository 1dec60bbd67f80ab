// Verifies JSON Web Tokens (RFC 7519, RFC 8725) with jose, and reads the caller from their claims.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Caller } from './caller.ts'
import { algorithmsOf } from './publicKeys.ts'
import { KeysUnavailableError, type PublishedKeysEvents, publishedKeys } from './publishedKeys.ts'
import { readRoleClaim } from './roleClaim.ts'
import type { Role } from './roles.ts'
import { tokenKindFault } from './tokenKind.ts'

/** Where the keys that verify tokens come from. */
export type JwtKeySource =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'publicKey'; readonly key: KeyObject }
  | { readonly kind: 'jwks'; readonly url: URL }

export interface JwtSettings {
  readonly keys: JwtKeySource
  /** The `iss` claim that tokens must have. */
  readonly issuer: string
  /** A value that the `aud` claim of tokens must contain. */
  readonly audience: string
  /** The claim that contains the roles: a name, or a path with dots. */
  readonly rolesClaim: string
}

/** The token is not valid. The message says why, without repeating the token. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError'
}

/** Maximum difference between the clocks of the issuer and the server. */
const LEEWAY_SECONDS = 60
/**
 * Algorithms for published keys; each key restricts them further. All use a private key to sign:
 * anyone could make an HMAC with a public key.
 */
const PUBLISHED_KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
/** A verified token is accepted for this long without verifying it again, until it expires. */
const TOKEN_TTL_MS = 5000
const MAX_CACHED_TOKENS = 1000
/** An actor has at most 200 characters, including the prefix "user:". */
const MAX_SUBJECT_CHARACTERS = 195

export type JwtVerifier = (token: string) => Promise<Caller>

export interface JwtEvents extends PublishedKeysEvents {
  /** The roles claim of a valid token contains no known role. */
  onNoRole(facts: { readonly actor: string; readonly claim: string; readonly value: string }): void
}

/** Maximum number of characters of a claim to log. */
const MAX_LOGGED_CHARACTERS = 100

/**
 * Creates a function that verifies a token. It throws InvalidTokenError or KeysUnavailableError
 * (publishedKeys.ts).
 */
export function createJwtVerifier(settings: JwtSettings, events: JwtEvents): JwtVerifier {
  const { keys, issuer, audience, rolesClaim } = settings
  const options = {
    issuer,
    audience,
    clockTolerance: LEEWAY_SECONDS,
    requiredClaims: ['exp', 'sub'],
    algorithms: [...acceptedAlgorithms(keys)],
  }
  const key = keyGetter(keys, events)
  return cacheVerified(async (token) => {
    const { payload, protectedHeader } = await jwtVerify(token, key, options).catch((error: unknown) => {
      if (error instanceof KeysUnavailableError) throw error
      throw new InvalidTokenError(`The token is not valid: ${faultOf(error)}.`, { cause: error })
    })
    const fault = tokenKindFault(protectedHeader, payload)
    if (fault !== undefined) throw new InvalidTokenError(`The token is not valid: ${fault}.`)
    const claim = claimAt(payload, rolesClaim)
    const caller = callerOf(payload, readRoleClaim(claim))
    if (caller.roles.length === 0) {
      const value = String(JSON.stringify(claim)).slice(0, MAX_LOGGED_CHARACTERS)
      events.onNoRole({ actor: caller.actor, claim: rolesClaim, value })
    }
    return { caller, expiresAt: 1000 * (Number(payload.exp) + LEEWAY_SECONDS) }
  })
}

interface Verified {
  readonly caller: Caller
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/**
 * Verifies a token once for all requests that use it at about the same time, such as thousands of
 * subscriptions. Tokens that are not valid are not kept.
 */
function cacheVerified(verify: (token: string) => Promise<Verified>): JwtVerifier {
  const cache = new LRUCache<string, Promise<Verified>>({ max: MAX_CACHED_TOKENS, ttl: TOKEN_TTL_MS })
  const verifyNow = (token: string): Promise<Verified> => {
    const verifying = verify(token)
    cache.set(token, verifying)
    verifying.catch(() => {
      if (cache.peek(token) === verifying) cache.delete(token)
    })
    return verifying
  }
  return async (token) => {
    const cached = await cache.get(token)
    const { caller } = cached && Date.now() < cached.expiresAt ? cached : await verifyNow(token)
    return caller
  }
}

function acceptedAlgorithms(keys: JwtKeySource): readonly string[] {
  switch (keys.kind) {
    case 'secret':
      return ['HS256']
    case 'publicKey':
      return algorithmsOf(keys.key)
    case 'jwks':
      return PUBLISHED_KEY_ALGORITHMS
  }
}

function keyGetter(keys: JwtKeySource, events: PublishedKeysEvents): JWTVerifyGetKey {
  switch (keys.kind) {
    case 'secret': {
      const secret = createSecretKey(keys.secret, 'utf8')
      return async () => secret
    }
    case 'publicKey':
      return async () => keys.key
    case 'jwks':
      return publishedKeys(keys.url, events)
  }
}

function faultOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.reason === 'missing'
      ? `it has no claim "${error.claim}"`
      : `its claim "${error.claim}" has an unexpected value`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature does not match'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its signature algorithm is not accepted'
  if (error instanceof errors.JWKSNoMatchingKey) return 'its key is not among those of the issuer'
  // The published key is too short or malformed.
  if (!(error instanceof errors.JOSEError)) return 'the key that it names cannot verify it'
  return 'it cannot be read'
}

function callerOf({ sub }: JWTPayload, roles: readonly Role[]): Caller {
  if (typeof sub !== 'string' || sub === '' || [...sub].length > MAX_SUBJECT_CHARACTERS || /\p{Cc}|\p{Cs}/u.test(sub)) {
    throw new InvalidTokenError(
      `The token is not valid: its claim "sub" must be 1 to ${MAX_SUBJECT_CHARACTERS} ` +
        'characters without control characters.',
    )
  }
  return { actor: `user:${sub}`, userId: sub, roles }
}

function claimAt(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name]
  return name.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    return (value as Record<string, unknown>)[key]
  }, payload)
}
