// Finds out who is asking: by the header Authorization and by nothing else.
import { LRUCache } from 'lru-cache'
import type { ApiKey, PrismaClient } from '../database/generated/client.ts'
import { findApiKey, isApiKey, noteApiKeyUse } from './apiKeys.ts'
import { type Caller, OPEN_CALLER } from './caller.ts'
import { createJwtVerifier, InvalidTokenError, type JwtSettings } from './jwt.ts'

export interface AccessSettings {
  /** open: nobody is asked who he is, and everybody may do everything. */
  readonly mode: 'open' | 'required'
  /** The operator asked for `open`; it is not the default of a server that only this machine can reach. */
  readonly byHand: boolean
  /** Undefined: no tokens are taken, API keys only. */
  readonly jwt: JwtSettings | undefined
}

/** The caller is not who he says, or does not say who he is. The message says why, without repeating the credential. */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError'
}

/** Takes the value of the header Authorization. @throws UnauthenticatedError */
export type Authenticate = (authorization: string | null) => Promise<Caller>

export interface AuthenticatorOptions {
  readonly settings: AccessSettings
  readonly prisma: PrismaClient
  /** Told when the last use of a key could not be noted. */
  onNoteFailure(error: unknown): void
}

/** A revoked key is refused after so long at the latest. */
export const KEY_KNOWN_MS = 5000
/** The last use of a key is noted so often at most. */
const USE_NOTED_MS = 60_000
const KEYS_KNOWN = 10_000
/** Longer tokens are not looked at. */
const LONGEST_TOKEN = 8192

export function createAuthenticator({ settings, prisma, onNoteFailure }: AuthenticatorOptions): Authenticate {
  if (settings.mode === 'open') return async () => OPEN_CALLER
  const verifyJwt = settings.jwt && createJwtVerifier(settings.jwt)
  const known = new LRUCache<string, ApiKey>({ max: KEYS_KNOWN, ttl: KEY_KNOWN_MS })
  const noted = new LRUCache<string, true>({ max: KEYS_KNOWN, ttl: USE_NOTED_MS })

  async function byApiKey(text: string): Promise<Caller> {
    const apiKey = known.get(text) ?? (await lookUp(text))
    const caller = callerOfKey(apiKey)
    if (!noted.has(apiKey.id)) {
      noted.set(apiKey.id, true)
      noteApiKeyUse(prisma, apiKey.id).catch(onNoteFailure)
    }
    return caller
  }

  async function lookUp(text: string): Promise<ApiKey> {
    const apiKey = await findApiKey(prisma, text)
    if (apiKey === null) throw new UnauthenticatedError('There is no such API key.')
    known.set(text, apiKey)
    return apiKey
  }

  return async (authorization) => {
    const credential = bearerOf(authorization)
    if (isApiKey(credential)) return byApiKey(credential)
    if (verifyJwt === undefined) throw new UnauthenticatedError('This server takes API keys only: Bearer jl_...')
    try {
      return await verifyJwt(credential)
    } catch (error) {
      throw error instanceof InvalidTokenError ? new UnauthenticatedError(error.message, { cause: error }) : error
    }
  }
}

function bearerOf(authorization: string | null): string {
  if (authorization === null || authorization === '') {
    throw new UnauthenticatedError('Say who you are: Authorization: Bearer, then a token or an API key.')
  }
  const [, credential] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
  if (credential === undefined || credential.length > LONGEST_TOKEN) {
    throw new UnauthenticatedError('The header Authorization must be "Bearer", a space, then a token or an API key.')
  }
  return credential
}

function callerOfKey({ name, roles, userId, expiresAt, revokedAt }: ApiKey): Caller {
  if (revokedAt !== null) throw new UnauthenticatedError(`The API key ${name} was revoked.`)
  if (expiresAt !== null && expiresAt.getTime() <= Date.now())
    throw new UnauthenticatedError(`The API key ${name} has expired.`)
  return { actor: `key:${name}`, userId, roles }
}
