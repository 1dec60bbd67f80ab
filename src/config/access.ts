// Combines the settings of access control: who may call the server, and when it refuses to start.
import type { AccessSettings } from '../access/authenticate.ts'
import type { JwtKeySource, JwtSettings } from '../access/jwt.ts'
import { isLoopback } from '../access/loopback.ts'
import type { Variables } from './variables.ts'

export const AUTH_MODES = ['open', 'required'] as const

const KEY_VARIABLES = ['AUTH_JWT_SECRET', 'AUTH_JWT_PUBLIC_KEY', 'AUTH_JWKS_URL'] as const
const CLAIM_VARIABLES = ['AUTH_JWT_ISSUER', 'AUTH_JWT_AUDIENCE'] as const

/**
 * Contradictions between the variables, one sentence each. Reported even if single variables are
 * invalid.
 */
export function accessFaults(environment: Readonly<Record<string, string | undefined>>): string[] {
  const keys = KEY_VARIABLES.filter((name) => environment[name])
  const faults = CLAIM_VARIABLES.filter((name) => !environment[name] === keys.length > 0).map((name) =>
    keys.length > 0
      ? `${name} must be set if ${keys.join(' and ')} is: tokens for other services must be refused.`
      : `${name} has no effect unless one of ${KEY_VARIABLES.join(', ')} is set.`,
  )
  if (keys.length > 1) faults.push(`${keys.join(' and ')} must not be set together: set the one that verifies tokens.`)
  if (environment.AUTH === 'open' && keys.length > 0) faults.push(`AUTH must not be open if ${keys[0]} is set.`)
  return faults
}

/**
 * Why a server with these variables would be open to others without AUTH=open; empty if it would
 * not.
 */
export function unprotectedFaults(environment: Readonly<Record<string, string | undefined>>): string[] {
  const reason = whyNotOpen(environment)
  const isDecided = environment.AUTH || KEY_VARIABLES.some((name) => environment[name])
  return isDecided || reason === undefined ? [] : [unprotected(reason)]
}

function whyNotOpen({
  NODE_ENV,
  HOST,
  DATABASE_URL,
}: Readonly<Record<string, string | undefined>>): string | undefined {
  if (NODE_ENV === 'production') return 'NODE_ENV is production'
  if (HOST && !isLoopback(HOST)) return `HOST is ${HOST}, which others can reach`
  return DATABASE_URL ? 'DATABASE_URL names a database that others may use' : undefined
}

function unprotected(reason: string): string {
  return (
    `AUTH is not set and no key is, but ${reason}: set one of ${KEY_VARIABLES.join(', ')} for tokens, ` +
    'or AUTH=required for API keys only (create them with "jobledger api-key create"), or ' +
    'AUTH=open to let every caller do everything.'
  )
}

/** The settings from valid variables. */
export function accessSettings(env: Variables): AccessSettings {
  const jwt = jwtSettings(env)
  return { mode: env.AUTH ?? (jwt === undefined ? 'open' : 'required'), isExplicit: env.AUTH === 'open', jwt }
}

function jwtSettings(env: Variables): JwtSettings | undefined {
  const keys = keySource(env)
  const { AUTH_JWT_ISSUER: issuer, AUTH_JWT_AUDIENCE: audience, AUTH_JWT_ROLES_CLAIM: rolesClaim } = env
  if (keys === undefined || issuer === undefined || audience === undefined) return undefined
  return { keys, issuer, audience, rolesClaim }
}

function keySource(env: Variables): JwtKeySource | undefined {
  if (env.AUTH_JWT_SECRET !== undefined) return { kind: 'secret', secret: env.AUTH_JWT_SECRET }
  if (env.AUTH_JWT_PUBLIC_KEY !== undefined) return { kind: 'publicKey', key: env.AUTH_JWT_PUBLIC_KEY }
  return env.AUTH_JWKS_URL === undefined ? undefined : { kind: 'jwks', url: env.AUTH_JWKS_URL }
}
