// Sessions of the dashboard: a cookie that holds the credential of its visitor, encrypted, until it
// expires. The server stores nothing, so any replica with the same secret accepts it, and what ends
// the credential ends the session. Nothing is authenticated here: each request is, as if its header
// Authorization had the credential, with the same limits and log lines.
import { hkdfSync, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { EncryptJWT, jwtDecrypt } from 'jose'
import { isFromHttps, isSameOrigin } from './sameOrigin.ts'

/** Then the visitor must sign in again. */
const MAX_SESSION_SECONDS = 12 * 60 * 60
/** Browsers store at most 4096 bytes with the name and the attributes of a cookie. */
const MAX_COOKIE_BYTES = 3900
/** Browsers set a cookie of this name only by https, and for the exact host (RFC 6265bis). */
const SECURE_NAME = '__Host-jobledger-session'
const PLAIN_NAME = 'jobledger-session'
const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict'
const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const

export class Sessions {
  private readonly key: Uint8Array

  /** Without a secret the key is random: sessions end when the process does. */
  constructor(secret: string | undefined) {
    const material = secret ?? randomBytes(32)
    this.key = new Uint8Array(hkdfSync('sha256', material, '', 'jobledger dashboard session', 32))
  }

  /**
   * The cookie of a new session for the page that sent the request; undefined if it is too long.
   */
  async cookieFor(request: IncomingMessage, credential: string): Promise<string | undefined> {
    const expiresAt = Math.floor(Date.now() / 1000) + MAX_SESSION_SECONDS
    const sealed = await new EncryptJWT({ credential })
      .setProtectedHeader(ENCRYPTION)
      .setExpirationTime(expiresAt)
      .encrypt(this.key)
    const isSecure = isFromHttps(request)
    const name = isSecure ? SECURE_NAME : PLAIN_NAME
    const cookie = `${name}=${sealed}; Max-Age=${MAX_SESSION_SECONDS}; ${ATTRIBUTES}${isSecure ? '; Secure' : ''}`
    return cookie.length > MAX_COOKIE_BYTES ? undefined : cookie
  }

  /**
   * The credential of the session of a request; undefined without a valid one. A page that came by
   * https has the secure cookie only: another page of its domain may have set the other one.
   */
  async credentialOf(request: IncomingMessage): Promise<string | undefined> {
    const sealed = cookieOf(request, SECURE_NAME) ?? (isFromHttps(request) ? undefined : cookieOf(request, PLAIN_NAME))
    if (sealed === undefined) return undefined
    try {
      const { payload } = await jwtDecrypt(sealed, this.key, {
        keyManagementAlgorithms: [ENCRYPTION.alg],
        contentEncryptionAlgorithms: [ENCRYPTION.enc],
        requiredClaims: ['exp'],
      })
      return typeof payload.credential === 'string' ? payload.credential : undefined
    } catch {
      // Expired, forged, or of a server with another secret.
      return undefined
    }
  }

  /**
   * Gives a request of a page of this server the credential of its session, unless it has one. Only
   * POST, so that no link can act.
   */
  async authorize(request: IncomingMessage): Promise<void> {
    const { headers, method } = request
    if (headers.cookie === undefined || headers.authorization !== undefined) return
    if (method !== 'POST' || !isSameOrigin(request)) return
    const credential = await this.credentialOf(request)
    if (credential !== undefined) headers.authorization = `Bearer ${credential}`
  }
}

function cookieOf({ headers: { cookie = '' } }: IncomingMessage, name: string): string | undefined {
  const pair = cookie.split('; ').find((text) => text.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}

/** Cookies that replace those of a session and expire at once. */
export const ENDED_SESSION = [
  `${PLAIN_NAME}=; Max-Age=0; ${ATTRIBUTES}`,
  `${SECURE_NAME}=; Max-Age=0; ${ATTRIBUTES}; Secure`,
] as const
