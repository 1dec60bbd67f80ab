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
const NAME = 'jobledger-session'
/** Browsers set a cookie of such a name only by https, and for the exact host (RFC 6265bis). */
const SECURE_PREFIX = '__Host-'
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
    const { secure, plain } = namesFor(request)
    const cookie = isFromHttps(request)
      ? `${secure}=${sealed}; Max-Age=${MAX_SESSION_SECONDS}; ${ATTRIBUTES}; Secure`
      : `${plain}=${sealed}; Max-Age=${MAX_SESSION_SECONDS}; ${ATTRIBUTES}`
    return cookie.length > MAX_COOKIE_BYTES ? undefined : cookie
  }

  /**
   * The credential of the session of a request; undefined without a valid one. A page that came by
   * https has the secure cookie only: another page of its domain may have set the other one.
   */
  async credentialOf(request: IncomingMessage): Promise<string | undefined> {
    const { secure, plain } = namesFor(request)
    const names = isFromHttps(request) ? [secure] : [secure, plain]
    // Browsers send every cookie of a name: one may be of another path or domain.
    for (const sealed of names.flatMap((name) => cookiesOf(request, name))) {
      const credential = await this.unseal(sealed)
      if (credential !== undefined) return credential
    }
    return undefined
  }

  private async unseal(sealed: string): Promise<string | undefined> {
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

/** The names have the port, because all ports of a host share their cookies (RFC 6265, 8.5). */
function namesFor({ headers: { host = '' } }: IncomingMessage): { plain: string; secure: string } {
  const port = /:(\d+)$/.exec(host)?.[1]
  const plain = port === undefined ? NAME : `${NAME}-${port}`
  return { plain, secure: SECURE_PREFIX + plain }
}

function cookiesOf({ headers: { cookie = '' } }: IncomingMessage, name: string): string[] {
  const start = `${name}=`
  return cookie.split('; ').flatMap((pair) => (pair.startsWith(start) ? [pair.slice(start.length)] : []))
}

/** Cookies that replace those of a session and expire at once. */
export function endedSession(request: IncomingMessage): readonly string[] {
  const { plain, secure } = namesFor(request)
  return [`${plain}=; Max-Age=0; ${ATTRIBUTES}`, `${secure}=; Max-Age=0; ${ATTRIBUTES}; Secure`]
}
