// Credentials for servers that require authentication.
import { SignJWT } from 'jose'
import type { Role } from '../../src/access/roles.ts'

export const JWT_SECRET = 'a-secret-of-the-tests-0123456789-abcdefgh'
const ISSUER = 'https://issuer.example'
const AUDIENCE = 'jobledger'

/** Environment variables of a server that accepts these tokens. */
export const PROTECTED = {
  AUTH_JWT_SECRET: JWT_SECRET,
  AUTH_JWT_ISSUER: ISSUER,
  AUTH_JWT_AUDIENCE: AUDIENCE,
} as const

export interface TokenFacts {
  readonly roles?: readonly Role[]
  /** Claims that override those of a valid token; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly secret?: string
  readonly algorithm?: string
  /** Additional members of the header. */
  readonly header?: Readonly<Record<string, unknown>>
}

/** A token that is valid for a minute unless `claims` override that. */
export async function tokenOf(
  sub: string,
  { roles, claims, secret = JWT_SECRET, algorithm = 'HS256', header }: TokenFacts = {},
) {
  const now = Math.floor(Date.now() / 1000)
  const all = { iss: ISSUER, aud: AUDIENCE, sub, iat: now, exp: now + 60, ...(roles && { roles }), ...claims }
  return new SignJWT(all).setProtectedHeader({ ...header, alg: algorithm }).sign(new TextEncoder().encode(secret))
}

export async function asUser(sub: string, ...roles: Role[]): Promise<{ authorization: string }> {
  return bearer(await tokenOf(sub, { roles }))
}

export function bearer(credential: string): { authorization: string } {
  return { authorization: `Bearer ${credential}` }
}
