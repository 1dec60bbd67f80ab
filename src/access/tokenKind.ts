// Which JSON Web Tokens are access tokens. An issuer signs others with the same keys, and some of them for the same audience: ID tokens,
// refresh tokens, logout tokens. They were not issued to call an API (RFC 9068, section 4; RFC 8725, section 3.11).
import type { JWTPayload } from 'jose'

/** Values of the header `typ`, without `application/`. Most issuers write JWT or nothing; RFC 9068 says at+jwt. */
const TYPES = ['jwt', 'at+jwt']
/** Claims of ID tokens alone (OpenID Connect Core, sections 3.1.3.6 and 3.3.2.11). */
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash']
/** Keycloak and Amazon Cognito say in a claim which kind a token is. */
const OTHER_KINDS: Readonly<Record<string, readonly string[]>> = {
  typ: ['id', 'refresh', 'offline', 'logout'],
  token_use: ['id'],
}
/** Claims that access tokens have and ID tokens do not. */
const ACCESS_CLAIMS = ['scope', 'scp']

/** Why a token is no access token, as the end of a sentence; undefined if it may be one. */
export function tokenKindFault({ typ }: { readonly typ?: unknown }, payload: JWTPayload): string | undefined {
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined
  if (typ !== undefined && !TYPES.includes(String(type))) return 'its header "typ" must be at+jwt or JWT, or absent'
  if (isOtherKind(payload) || (type !== 'at+jwt' && isIdToken(payload))) {
    return 'it is an ID token or a refresh token; send an access token'
  }
  return undefined
}

function isOtherKind(payload: JWTPayload): boolean {
  return Object.entries(OTHER_KINDS).some(([claim, kinds]) => kinds.includes(String(payload[claim]).toLowerCase()))
}

// Older versions of Keycloak put `nonce` into access tokens too, together with `scope`.
function isIdToken(payload: JWTPayload): boolean {
  if (ID_TOKEN_CLAIMS.some((claim) => claim in payload)) return true
  return 'nonce' in payload && !ACCESS_CLAIMS.some((claim) => claim in payload)
}
