// The environment of child processes: that of this process without the secrets that only Jobledger
// needs.

/**
 * Variables from which clients of PostgreSQL read the password if DATABASE_URL has none. Prisma's
 * CLI needs them.
 */
export const DATABASE_PASSWORDS = ['PGPASSWORD', 'PGPASSFILE'] as const

/** Variables that give access to the ledger, or that create credentials for it. */
const SECRETS: readonly string[] = [
  'DATABASE_URL',
  ...DATABASE_PASSWORDS,
  'AUTH_JWT_SECRET',
  'DASHBOARD_SESSION_SECRET',
  'JOBLEDGER_TOKEN',
  'JOBLEDGER_TOKEN_FILE',
]

/** Adds `added`. Removes our secrets, except those named in `kept`. */
export function childEnvironment(
  added: Readonly<Record<string, string>> = {},
  kept: readonly string[] = [],
): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: a child inherits the environment; this reads no settings.
  const given = Object.entries(process.env).filter(([name]) => kept.includes(name) || !SECRETS.includes(name))
  return { ...Object.fromEntries(given), ...added }
}
