// A token issuer that publishes its keys over HTTP and can be made unavailable.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, SignJWT } from 'jose'
import { FACTS } from './tokens.ts'

export interface Issuer {
  /** The URL of the key set. */
  readonly url: string
  /** Number of requests received. */
  readonly requests: number
  isUnavailable: boolean
  /** Publishes exactly these keys and creates new ones as needed. */
  publish(...ids: string[]): Promise<void>
  /** Publishes these keys unchanged, usable or not. */
  publishRaw(...keys: Readonly<Record<string, unknown>>[]): void
  /** A token that is valid for a minute. */
  token(keyId: string, claims?: Readonly<Record<string, unknown>>): Promise<string>
  close(): Promise<void>
}

export async function startIssuer(): Promise<Issuer> {
  const pairs = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>()
  let published = '{"keys":[]}'
  const pairOf = (id: string) => {
    const pair = pairs.get(id) ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    pairs.set(id, pair)
    return pair
  }
  const issuer = { url: '', requests: 0, isUnavailable: false }
  const server = createServer((_request, response) => {
    issuer.requests += 1
    response.writeHead(issuer.isUnavailable ? 503 : 200, { 'content-type': 'application/json' }).end(published)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
  return Object.assign(issuer, {
    async publish(...ids: string[]) {
      const keys = ids.map(async (kid) => ({ ...(await exportJWK(pairOf(kid).publicKey)), kid, alg: 'ES256' }))
      published = JSON.stringify({ keys: await Promise.all(keys) })
    },
    publishRaw(...keys: Readonly<Record<string, unknown>>[]) {
      published = JSON.stringify({ keys })
    },
    token: (keyId: string, claims: Readonly<Record<string, unknown>> = {}) =>
      new SignJWT({ ...FACTS, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: keyId })
        .setExpirationTime('1m')
        .sign(pairOf(keyId).privateKey),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
