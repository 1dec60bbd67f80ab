// Finds out who is asking: by the header Authorization and by nothing else.
import { LRUCache } from 'lru-cache'
import { withAbortSignal } from '../database/cancellation.ts'
import type { ApiKey } from '../database/generated/client.ts'
import type { LedgerDatabase } from '../ledger/ledger.ts'
import { findApiKey, isApiKey, recordApiKeyUse } from './apiKeys.ts'
import { type Caller, OPEN_CALLER } from './caller.ts'
import { createJwtVerifier, InvalidTokenError, type JwtEvents, type JwtSettings } from './jwt.ts'

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

/**
 * Takes the value of the header Authorization. `beforeLookUp` is awaited before the database is asked for the sake of somebody who may be
 * anybody; what it throws is passed on.
 *
 * @throws UnauthenticatedError; KeysUnavailableError (publishedKeys.ts); what the database throws
 */
export type Authenticate = (authorization: string | null, beforeLookUp: () => Promise<void>) => Promise<Caller>

export interface AuthenticatorOptions {
  readonly settings: AccessSettings
  readonly database: LedgerDatabase
  /** Told when the last use of a key could not be noted. */
  onNoteFailure(error: unknown): void
  /** Of the verification of tokens. */
  readonly jwtEvents: JwtEvents
}

/** A revoked key is refused after so long at the latest. */
export const KEY_TTL_MS = 5000
/** The last use of a key is noted so often at most. */
const LAST_USE_TTL_MS = 60_000
const MAX_CACHED_KEYS = 10_000
/** How long the database has to take that note. */
const LAST_USE_TIMEOUT_MS = 10_000
/** Maximum length of a credential, in characters. */
const MAX_CREDENTIAL_CHARACTERS = 8192

export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { settings, database, onNoteFailure, jwtEvents } = options
  if (settings.mode === 'open') return async () => OPEN_CALLER
  const verifyJwt = settings.jwt && createJwtVerifier(settings.jwt, jwtEvents)
  const known = new LRUCache<string, ApiKey>({ max: MAX_CACHED_KEYS, ttl: KEY_TTL_MS })
  /** Keys that were good when they were last looked up. */
  const proven = new LRUCache<string, true>({ max: MAX_CACHED_KEYS })
  const noted = new LRUCache<string, true>({ max: MAX_CACHED_KEYS, ttl: LAST_USE_TTL_MS })

  async function byApiKey(text: string, beforeLookUp: () => Promise<void>): Promise<Caller> {
    const apiKey = known.get(text) ?? (await lookUp(text, beforeLookUp))
    proven.delete(text)
    if (apiKey === null) throw new UnauthenticatedError('There is no such API key.')
    const caller = callerOfKey(apiKey)
    proven.set(text, true)
    noteUse(apiKey)
    return caller
  }

  async function lookUp(text: string, beforeLookUp: () => Promise<void>): Promise<ApiKey | null> {
    // Who has a good key is counted by its name, and must not suffer from those who try bad ones.
    if (!proven.has(text)) await beforeLookUp()
    const apiKey = await findApiKey(database.prisma, text)
    if (apiKey !== null) known.set(text, apiKey)
    return apiKey
  }

  function noteUse({ id }: ApiKey): void {
    if (noted.has(id)) return
    noted.set(id, true)
    // Not a part of the request: that one's end must not be the end of this.
    withAbortSignal(AbortSignal.timeout(LAST_USE_TIMEOUT_MS), () => recordApiKeyUse(database.sql, id)).catch(
      onNoteFailure,
    )
  }

  return async (authorization, beforeLookUp) => {
    const credential = bearerOf(authorization)
    if (isApiKey(credential)) return byApiKey(credential, beforeLookUp)
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
  if (credential === undefined) {
    throw new UnauthenticatedError('The header Authorization must be "Bearer", a space, then a token or an API key.')
  }
  if (credential.length > MAX_CREDENTIAL_CHARACTERS) {
    throw new UnauthenticatedError(
      `The token must be at most ${MAX_CREDENTIAL_CHARACTERS} characters long (got ${credential.length}): ask its issuer to leave claims out.`,
    )
  }
  return credential
}

function callerOfKey({ name, roles, userId, expiresAt, revokedAt }: ApiKey): Caller {
  if (revokedAt !== null) throw new UnauthenticatedError(`The API key ${name} was revoked.`)
  if (expiresAt !== null && expiresAt.getTime() <= Date.now())
    throw new UnauthenticatedError(`The API key ${name} has expired.`)
  return { actor: `key:${name}`, userId, roles }
}
