// Credentials for a server that asks for them.
import { SignJWT } from 'jose'
import type { Role } from '../../src/access/roles.ts'

export const JWT_SECRET = 'a-secret-of-the-tests-0123456789-abcdefgh'
const ISSUER = 'https://issuer.example'
const AUDIENCE = 'jobledger'

/** Variables of a server that takes the tokens made here. */
export const PROTECTED = {
  AUTH_JWT_SECRET: JWT_SECRET,
  AUTH_JWT_ISSUER: ISSUER,
  AUTH_JWT_AUDIENCE: AUDIENCE,
} as const

export interface TokenFacts {
  readonly roles?: readonly Role[]
  /** Claims that differ from those of a good token; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly secret?: string
  readonly algorithm?: string
  /** More members of the header. */
  readonly header?: Readonly<Record<string, unknown>>
}

/** A token that is good for a minute, unless said otherwise. */
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
