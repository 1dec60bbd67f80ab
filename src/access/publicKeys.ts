// Which public keys tokens may be verified with, and by which algorithms (RFC 7518, RFC 8037).
import type { KeyObject } from 'node:crypto'

/** For people: all that `algorithmsOf` knows. */
export const PUBLIC_KEYS = 'RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519'

/** RFC 7518, sections 3.3 and 3.5. */
const MIN_RSA_BITS = 2048
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
/** Each curve has one algorithm; the names are those of OpenSSL. */
const CURVES: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
}
const ED25519 = ['EdDSA', 'Ed25519']

/** The algorithms of the signatures that a public key verifies; none if it is of a kind, or of a size, that is not taken. */
export function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails
  switch (asymmetricKeyType) {
    case 'rsa':
      return modulusLength < MIN_RSA_BITS ? [] : RSA
    case 'ec':
      return CURVES[namedCurve] ?? []
    case 'ed25519':
      return ED25519
    default:
      return []
  }
}

/** For people: what a public key is. */
export function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
  const size = modulusLength === undefined ? '' : ` of ${modulusLength} bits`
  return `${asymmetricKeyType ?? 'unknown'}${namedCurve === undefined ? size : ` on ${namedCurve}`}`
}
