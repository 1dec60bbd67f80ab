// Verifies JSON Web Tokens (RFC 7519, RFC 8725) and reads from their claims who the caller is. The cryptography is jose's.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Caller } from './caller.ts'
import { algorithmsOf } from './publicKeys.ts'
import { KeysUnavailableError, type PublishedKeysEvents, publishedKeys } from './publishedKeys.ts'
import { readRoleClaim } from './roleClaim.ts'
import type { Role } from './roles.ts'
import { tokenKindFault } from './tokenKind.ts'

/** Where the key comes from that tokens are verified with: exactly one of these. */
export type JwtKeySource =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'publicKey'; readonly key: KeyObject }
  | { readonly kind: 'jwks'; readonly url: URL }

export interface JwtSettings {
  readonly keys: JwtKeySource
  /** The `iss` that tokens must have. */
  readonly issuer: string
  /** The `aud` that tokens must have, alone or among others. */
  readonly audience: string
  /** The claim that holds the roles: its name, or a path with dots. */
  readonly rolesClaim: string
}

/** The token is not one of ours, or not valid now. The message says why, without repeating the token. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError'
}

/** So far apart the clocks of issuer and server may be. */
const LEEWAY_SECONDS = 60
/**
 * Of published keys each says for itself what it is good for. All are signatures by a private key: an HMAC with a public key would be one
 * that everybody can make.
 */
const OF_PUBLISHED_KEYS = [
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
/** The longest `sub` that fits an actor ("user:" and at most 200 characters). */
const MAX_SUBJECT_CHARACTERS = 195

export type JwtVerifier = (token: string) => Promise<Caller>

export interface JwtEvents extends PublishedKeysEvents {
  /** A valid token has a roles claim that gives no role. */
  onNoRole(facts: { readonly actor: string; readonly claim: string; readonly value: string }): void
}

/** Characters of a claim that are logged. */
const MAX_LOGGED_CHARACTERS = 100

/** A function that resolves to the caller a token names. It throws InvalidTokenError, or KeysUnavailableError (publishedKeys.ts). */
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
  return async (token) => {
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
      return OF_PUBLISHED_KEYS
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
      : `its claim "${error.claim}" is not as it must be`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature does not match'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'it is signed by an algorithm that is not accepted'
  if (error instanceof errors.JWKSNoMatchingKey) return 'its issuer has no such key'
  // What the token names, not the token itself: a published key that is too short, or is none.
  if (!(error instanceof errors.JOSEError)) return 'the key that it names does not fit'
  return 'it cannot be read'
}

function callerOf({ sub }: JWTPayload, roles: readonly Role[]): Caller {
  if (typeof sub !== 'string' || sub === '' || [...sub].length > MAX_SUBJECT_CHARACTERS || /\p{Cc}|\p{Cs}/u.test(sub)) {
    throw new InvalidTokenError(
      `The token is not valid: its claim "sub" must be 1 to ${MAX_SUBJECT_CHARACTERS} characters without control characters.`,
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
