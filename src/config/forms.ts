// Schemas of settings, each with the message for an invalid value. Messages never repeat a secret.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { isLoopback } from '../access/loopback.ts'
import { algorithmsOf, kindOf, PUBLIC_KEYS } from '../access/publicKeys.ts'
import { pubSubNameFault } from '../publishing/pubSub/names.ts'
import { databaseUrlFaults, ONE_HOST } from './databaseUrl.ts'
import { certificateFault, explicitSslMode } from './tls.ts'

interface Range {
  readonly min: number
  readonly max: number
}

/** An integer with a default. */
export function integer(fallback: number, range: Range) {
  return numberWithin(range).default(fallback)
}

/** An integer without a default. */
export function numberWithin({ min, max }: Range) {
  return z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: ({ input }) => `must be an integer from ${min} to ${max} (got "${input}").`,
    })
    .transform(Number)
    .meta({ allowed: `${COUNT.format(min)} to ${COUNT.format(max)}` })
}

const COUNT = new Intl.NumberFormat('en')

export function oneOf<const Word extends string>(words: readonly Word[], fallback: NoInfer<Word>) {
  return wordOf(words).prefault(fallback)
}

/** One of the words, without a default. */
export function optionalOneOf<const Word extends string>(words: readonly Word[]) {
  return wordOf(words).optional()
}

function wordOf<const Word extends string>(words: readonly Word[]) {
  const list = words.join(', ')
  return z
    .enum(words, { error: ({ input }: { input?: unknown }) => `must be one of ${list} (got "${input}").` })
    .meta({ allowed: list })
}

/** A secret for HS256, at least as long as the hash (RFC 7518, section 3.2). */
export function secret() {
  return z.string().refine((text) => Buffer.byteLength(text) >= 32, {
    error: ({ input }) => `must be at least 32 bytes long (got ${Buffer.byteLength(String(input))}).`,
  })
}

/** The full name of a topic of Google Cloud Pub/Sub. */
export function pubSubTopic() {
  return z.string().refine((text) => pubSubNameFault('topic', text) === undefined, {
    error: ({ input }) => pubSubNameFault('topic', String(input)),
  })
}

/**
 * A public key or a certificate in PEM that can verify tokens; line breaks may be written as \\n.
 */
export function publicKey() {
  return z.string().transform((text, check): KeyObject => {
    // Node would accept a private key and use its public half, but a private key must not be
    // configured here.
    const key = text.includes('PRIVATE KEY') ? undefined : readPublicKey(text.replaceAll('\\n', '\n'))
    if (key !== undefined && algorithmsOf(key).length > 0) return key
    check.addIssue({ code: 'custom', message: key === undefined ? NOT_A_PUBLIC_KEY : unsuitable(key) })
    return z.NEVER
  })
}

const NOT_A_PUBLIC_KEY =
  'must be a public key in PEM ("-----BEGIN PUBLIC KEY-----" ...; line breaks may be written as \\n).'

function unsuitable(key: KeyObject): string {
  return `must be a key of ${PUBLIC_KEYS}, not ${kindOf(key)}.`
}

function readPublicKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem)
  } catch {
    return undefined
  }
}

/**
 * The URL of an issuer's keys. Plain HTTP only on this machine: an attacker who can replace the
 * keys can impersonate every caller.
 */
export function jwksUrl() {
  return z.string().transform((text, check): URL => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
    // fetch refuses a URL with a password, and its message repeats it.
    if (url !== undefined && isSafe && url.username === '' && url.password === '') return url
    const message = isSafe ? 'must not hold a user name or a password.' : 'must be a URL that begins with https://.'
    check.addIssue({ code: 'custom', message })
    return z.NEVER
  })
}

// Messages repeat only the scheme: the rest may contain a password.
export function databaseUrl() {
  return z
    .string()
    .superRefine((text, check) => {
      const scheme = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(text)?.[0]
      const readable = isReadableUrl(text)
      if (readable && (scheme === 'postgres://' || scheme === 'postgresql://')) {
        const certificate = certificateFault(text)
        const faults = [...databaseUrlFaults(new URL(text)), ...(certificate === undefined ? [] : [certificate])]
        for (const message of faults) check.addIssue({ code: 'custom', message })
        return
      }
      if (/^[a-z]+:\/\/[^/?#]*:\d+,/.test(text)) {
        check.addIssue({ code: 'custom', message: ONE_HOST })
        return
      }
      const got = readable && scheme ? `got ${scheme}` : 'got no URL'
      check.addIssue({
        code: 'custom',
        message:
          `must be a URL that begins with postgres:// or postgresql:// (${got}). Write special ` +
          'characters of a user name or password as %XX.',
      })
    })
    .transform(explicitSslMode)
}

function isReadableUrl(text: string): boolean {
  try {
    return decodeURIComponent(new URL(text).href) !== ''
  } catch {
    return false
  }
}
