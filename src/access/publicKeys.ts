// The public keys that may verify tokens, and their signature algorithms (RFC 7518, RFC 8037).
import type { KeyObject } from 'node:crypto'

/** The keys that `algorithmsOf` accepts, for messages. */
export const PUBLIC_KEYS = 'RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519'

/** RFC 7518, sections 3.3 and 3.5. */
const MIN_RSA_BITS = 2048
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
/** By OpenSSL's name of the curve. */
const CURVES: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
}
const ED25519 = ['EdDSA', 'Ed25519']

/** The signature algorithms of a public key; empty if its type or size is not accepted. */
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

/** Describes a public key, for messages. */
export function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
  const size = modulusLength === undefined ? '' : ` of ${modulusLength} bits`
  return `${asymmetricKeyType ?? 'unknown'}${namedCurve === undefined ? size : ` on ${namedCurve}`}`
}
