// Creates tokens signed by private keys, and sends credentials to a server.
import type { KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { expect } from 'vitest'
import { PROTECTED } from '../support/credentials.ts'
import type { TestServer } from '../support/server.ts'

export const WHO = '{ viewer { actor userId roles } }'

/** The claims of a valid token for ada, without its times. */
export const FACTS = { iss: PROTECTED.AUTH_JWT_ISSUER, aud: PROTECTED.AUTH_JWT_AUDIENCE, sub: 'ada' }

/** The settings of a server that accepts such tokens, without the key. */
export const CLAIMS = {
  AUTH_JWT_ISSUER: PROTECTED.AUTH_JWT_ISSUER,
  AUTH_JWT_AUDIENCE: PROTECTED.AUTH_JWT_AUDIENCE,
} as const

export function sign(alg: string, key: KeyObject, kid?: string): Promise<string> {
  return new SignJWT(FACTS)
    .setProtectedHeader({ alg, ...(kid && { kid }) })
    .setExpirationTime('1m')
    .sign(key)
}

/** A token with an invalid signature that names `alg`. */
export function forged(alg: string, kid?: string): string {
  const parts = [
    { alg, ...(kid && { kid }) },
    { ...FACTS, exp: Math.floor(Date.now() / 1000) + 60 },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return [...parts, Buffer.alloc(96, 7).toString('base64url')].join('.')
}

/** The caller that a server identifies by a token. */
export async function who(server: TestServer, token: string) {
  const answer = await server.request(WHO, {}, { authorization: `Bearer ${token}` })
  expect(answer.errors).toBeUndefined()
  return answer.data.viewer
}

/** The message with which a server refuses a caller. */
export async function refusal(server: TestServer, headers: Record<string, string>): Promise<string> {
  const { status, data, errors, headers: answered } = await server.request(WHO, {}, headers)
  expect([status, data]).toEqual([401, undefined])
  expect(answered.get('www-authenticate')).toBe('Bearer realm="jobledger"')
  expect(errors).toEqual([{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }])
  return errors?.[0]?.message ?? ''
}
