// The forms that a setting may have, each with the sentence that a person reads who got it wrong. None repeats a secret.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { isLoopback } from '../access/loopback.ts'
import { algorithmsOf, kindOf, PUBLIC_KEYS } from '../access/publicKeys.ts'
import { pubSubNameFault } from '../pubSub/names.ts'
import { databaseUrlFaults, ONE_HOST } from './databaseUrl.ts'
import { certificateFault, explicitSslMode } from './tls.ts'

interface Range {
  readonly min: number
  readonly max: number
}

export function wholeNumber(fallback: number, range: Range) {
  return numberWithin(range).default(fallback)
}

/** A whole number without a default. */
export function numberWithin({ min, max }: Range) {
  return z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: ({ input }) => `must be a whole number from ${min} to ${max}, not "${input}".`,
    })
    .transform(Number)
}

export function oneOf<const Word extends string>(words: readonly Word[], fallback: NoInfer<Word>) {
  return z.enum(words, oneOfThem(words)).prefault(fallback)
}

export function oneOfThem(words: readonly string[]) {
  return { error: ({ input }: { input?: unknown }) => `must be one of ${words.join(', ')}, not "${input}".` }
}

/** A secret that HS256 is safe with: as long as its output (RFC 7518, section 3.2). */
export function secret() {
  return z.string().refine((text) => Buffer.byteLength(text) >= 32, {
    error: ({ input }) => `must be at least 32 bytes long; ${Buffer.byteLength(String(input))} came.`,
  })
}

/** The whole name of a topic of Google Cloud Pub/Sub. */
export function pubSubTopic() {
  return z.string().refine((text) => pubSubNameFault('topic', text) === undefined, {
    error: ({ input }) => pubSubNameFault('topic', String(input)),
  })
}

/** A public key or a certificate in PEM, of a kind that tokens may be verified with; a line break may be written as \\n. */
export function publicKey() {
  return z.string().transform((text, check): KeyObject => {
    // Node would take the public half of a private key, which has no business here.
    const key = text.includes('PRIVATE KEY') ? undefined : readPublicKey(text.replaceAll('\\n', '\n'))
    if (key !== undefined && algorithmsOf(key).length > 0) return key
    check.addIssue({ code: 'custom', message: key === undefined ? NO_PUBLIC_KEY : unfit(key) })
    return z.NEVER
  })
}

const NO_PUBLIC_KEY =
  'must be a public key in PEM ("-----BEGIN PUBLIC KEY-----" ...; line breaks may be written as \\n).'

function unfit(key: KeyObject): string {
  return `must be a key of ${PUBLIC_KEYS}, not ${kindOf(key)}.`
}

function readPublicKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem)
  } catch {
    return undefined
  }
}

/** Where an issuer publishes its keys. Not in the clear, unless it is this machine: whoever changes the keys can be anybody. */
export function jwksUrl() {
  return z.string().transform((text, check): URL => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
    // fetch refuses a URL with a password, and repeats it.
    if (url !== undefined && isSafe && url.username === '' && url.password === '') return url
    const message = isSafe ? 'must not hold a user name or a password.' : 'must be a URL that begins with https://.'
    check.addIssue({ code: 'custom', message })
    return z.NEVER
  })
}

// What came is told only by its beginning: the rest may hold a password.
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
      const came = readable && scheme ? `it begins with ${scheme}` : 'what came is not a URL'
      check.addIssue({
        code: 'custom',
        message: `must be a URL that begins with postgres:// or postgresql://, but ${came} (a special character in a user name or password is written as %XX).`,
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
