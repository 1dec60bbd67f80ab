// Recognizes tokens that are not access tokens. An issuer signs ID tokens, refresh tokens and
// logout tokens with the same keys, some of them for the same audience. They must not authorize API
// calls (RFC 9068, section 4; RFC 8725, section 3.11).
import type { JWTPayload } from 'jose'

/**
 * Accepted values of the header `typ`, without `application/`. Most issuers send JWT or nothing;
 * RFC 9068 requires at+jwt.
 */
const ACCEPTED_TYPES = ['jwt', 'at+jwt']
/** Claims that only ID tokens have (OpenID Connect Core, sections 3.1.3.6 and 3.3.2.11). */
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash']
/** Claims in which Keycloak and Amazon Cognito state the kind of a token. */
const OTHER_KINDS: Readonly<Record<string, readonly string[]>> = {
  typ: ['id', 'refresh', 'offline', 'logout'],
  token_use: ['id'],
}
/** Claims that only access tokens have. */
const ACCESS_CLAIMS = ['scope', 'scp']

/** Why the token is not an access token, as the end of a sentence; undefined if it may be one. */
export function tokenKindFault({ typ }: { readonly typ?: unknown }, payload: JWTPayload): string | undefined {
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined
  if (typ !== undefined && !ACCEPTED_TYPES.includes(String(type)))
    return 'its header "typ" must be at+jwt or JWT, or absent'
  if (isOtherKind(payload) || (type !== 'at+jwt' && isIdToken(payload))) {
    return 'it is an ID token or a refresh token; send an access token'
  }
  return undefined
}

function isOtherKind(payload: JWTPayload): boolean {
  return Object.entries(OTHER_KINDS).some(([claim, kinds]) => kinds.includes(String(payload[claim]).toLowerCase()))
}

// Older versions of Keycloak also put `nonce` into access tokens, together with `scope`.
function isIdToken(payload: JWTPayload): boolean {
  if (ID_TOKEN_CLAIMS.some((claim) => claim in payload)) return true
  return 'nonce' in payload && !ACCESS_CLAIMS.some((claim) => claim in payload)
}
