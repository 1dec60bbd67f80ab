// The settings of access control: how callers authenticate, and how often they may call. What they
// mean together is in ../access.ts.
import { z } from 'zod'
import { MAX_INT } from '../../ledger/limits.ts'
import { AUTH_MODES } from '../access.ts'
import { jwksUrl, numberWithin, optionalOneOf, publicKey, secret } from '../forms.ts'

export const ACCESS_VARIABLES = {
  AUTH: optionalOneOf(AUTH_MODES).describe(
    'required: every caller needs a token or an API key. open: every caller may do ' +
      'everything. Empty: required if one of the variables AUTH_JWT_... or AUTH_JWKS_URL is set. ' +
      'Otherwise the server is open, even if API keys exist, but then starts only outside ' +
      'production, on a loopback address and without DATABASE_URL.',
  ),
  AUTH_JWT_SECRET: secret()
    .optional()
    .describe(
      'Verifies tokens (JWT) by HS256; at least 32 bytes. Set one of AUTH_JWT_SECRET, ' +
        'AUTH_JWT_PUBLIC_KEY and AUTH_JWKS_URL, ' +
        'together with AUTH_JWT_ISSUER and AUTH_JWT_AUDIENCE.',
    ),
  AUTH_JWT_PUBLIC_KEY: publicKey()
    .optional()
    .describe(
      'Verifies tokens by a public key in PEM: RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519. Line breaks may be written as \\n.',
    ),
  AUTH_JWKS_URL: jwksUrl()
    .optional()
    .describe('Verifies tokens by the keys that an issuer publishes at this URL (https).'),
  AUTH_JWT_ISSUER: z.string().optional().describe('The issuer (iss) that tokens must name.'),
  AUTH_JWT_AUDIENCE: z.string().optional().describe('The audience (aud) that tokens must name.'),
  AUTH_JWT_ROLES_CLAIM: z
    .string()
    .default('roles')
    .describe(
      'The claim that holds the roles USER, WORKER, AUDITOR and ADMIN: a name, or a path ' +
        'with dots. Names are in capitals, as a list, ' +
        'or as text separated by one space or comma. A token without the claim has the role USER.',
    ),
  DASHBOARD_SESSION_SECRET: secret()
    .optional()
    .describe(
      'Encrypts the session cookies of the dashboard; at least 32 bytes, the same for all replicas. Empty: derived from ' +
        'AUTH_JWT_SECRET. Without that it is random, so that visitors sign in again when the server restarts.',
    ),
  RATE_LIMIT_PER_SECOND: numberWithin({ min: 0, max: MAX_INT })
    .optional()
    .describe(
      'Maximum requests per second from one caller to one replica; in an open server, from ' +
        'one address. Empty: 1000, and no limit in an ' +
        'open server. 0: no limit.',
    ),
  RATE_LIMIT_BURST: numberWithin({ min: 1, max: MAX_INT })
    .optional()
    .describe('Maximum requests from one caller at once, after a pause. Empty: twice RATE_LIMIT_PER_SECOND.'),
}
