// Authenticates a request by its Authorization header. Nothing else identifies a caller.
import { LRUCache } from 'lru-cache'
import { withAbortSignal } from '../database/cancellation.ts'
import type { ApiKey } from '../database/generated/client.ts'
import type { LedgerDatabase } from '../ledger/ledger.ts'
import { findApiKey, isApiKey, recordApiKeyUse } from './apiKeys.ts'
import { type Caller, OPEN_CALLER } from './caller.ts'
import { createJwtVerifier, InvalidTokenError, type JwtEvents, type JwtSettings } from './jwt.ts'

export interface AccessSettings {
  /** open: callers are not authenticated and have all roles. */
  readonly mode: 'open' | 'required'
  /**
   * The operator set `open`. Otherwise it is the default of a server that only this machine can
   * reach.
   */
  readonly isExplicit: boolean
  /** Undefined: only API keys are accepted. */
  readonly jwt: JwtSettings | undefined
}

/**
 * The credential is missing or not valid. The message says why, without repeating the credential.
 */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError'
}

export interface LookUp {
  /**
   * Awaited before a query for a caller that is not authenticated yet. Its errors are passed on.
   */
  before(): Promise<void>
  /** Runs the query. */
  run<T>(query: () => Promise<T>): Promise<T>
}

/**
 * Takes the value of the Authorization header, and how the database may be queried for it. Returns
 * the caller at once if it is known.
 *
 * @throws UnauthenticatedError; KeysUnavailableError (publishedKeys.ts); what the database throws
 */
export type Authenticate = (authorization: string | null, lookUp: LookUp) => Caller | Promise<Caller>

export interface AuthenticatorOptions {
  readonly settings: AccessSettings
  readonly database: LedgerDatabase
  /** Called when the last use of a key could not be stored. */
  onLastUseFailure(error: unknown): void
  /** Events of token verification. */
  readonly jwtEvents: JwtEvents
}

/** Maximum time until a revoked key is refused. */
export const KEY_TTL_MS = 5000
/** Minimum time between two updates of a key's last use. */
const LAST_USE_INTERVAL_MS = 60_000
const MAX_CACHED_KEYS = 10_000
/** Timeout of that update. */
const LAST_USE_TIMEOUT_MS = 10_000
/** Maximum length of a credential, in characters. */
const MAX_CREDENTIAL_CHARACTERS = 8192

export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const { settings, database, onLastUseFailure, jwtEvents } = options
  if (settings.mode === 'open') return () => OPEN_CALLER
  const verifyJwt = settings.jwt && createJwtVerifier(settings.jwt, jwtEvents)
  const cached = new LRUCache<string, ApiKey>({ max: MAX_CACHED_KEYS, ttl: KEY_TTL_MS })
  /** Keys that were valid when they were last used. */
  const validated = new LRUCache<string, true>({ max: MAX_CACHED_KEYS })
  const recentlyUsed = new LRUCache<string, true>({ max: MAX_CACHED_KEYS, ttl: LAST_USE_INTERVAL_MS })

  function byApiKey(text: string, lookUp: LookUp): Caller | Promise<Caller> {
    const known = cached.get(text)
    return known ? accepted(text, known) : find(text, lookUp).then((found) => accepted(text, found))
  }

  function accepted(text: string, apiKey: ApiKey | null): Caller {
    validated.delete(text)
    if (apiKey === null) throw new UnauthenticatedError('The API key does not exist.')
    const caller = callerOfKey(apiKey)
    validated.set(text, true)
    recordUse(apiKey)
    return caller
  }

  async function find(text: string, lookUp: LookUp): Promise<ApiKey | null> {
    // Requests with a valid key count towards the limit of the key. They must not be refused
    // because others guess keys.
    if (!validated.has(text)) await lookUp.before()
    const apiKey = await lookUp.run(() => findApiKey(database.prisma, text))
    if (apiKey !== null) cached.set(text, apiKey)
    return apiKey
  }

  function recordUse({ id }: ApiKey): void {
    if (recentlyUsed.has(id)) return
    recentlyUsed.set(id, true)
    // Without the signal of the request: the update must not be cancelled when the request ends.
    withAbortSignal({ signal: AbortSignal.timeout(LAST_USE_TIMEOUT_MS) }, () =>
      recordApiKeyUse(database.sql, id),
    ).catch(onLastUseFailure)
  }

  return (authorization, lookUp) => {
    const credential = bearerOf(authorization)
    if (isApiKey(credential)) return byApiKey(credential, lookUp)
    if (verifyJwt === undefined)
      throw new UnauthenticatedError('This server accepts only API keys, which begin with jl_.')
    return verifyJwt(credential).catch((error: unknown) => {
      throw error instanceof InvalidTokenError ? new UnauthenticatedError(error.message, { cause: error }) : error
    })
  }
}

function bearerOf(authorization: string | null): string {
  if (authorization === null || authorization === '') {
    throw new UnauthenticatedError(
      'A credential is required: send the header "Authorization: Bearer" with a token or an API key.',
    )
  }
  const [, credential] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
  if (credential === undefined) {
    throw new UnauthenticatedError('The Authorization header must be "Bearer", a space, and a token or an API key.')
  }
  if (credential.length > MAX_CREDENTIAL_CHARACTERS) {
    throw new UnauthenticatedError(
      `The token must be at most ${MAX_CREDENTIAL_CHARACTERS} characters long (got ` +
        `${credential.length}): configure its issuer to include fewer claims.`,
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
