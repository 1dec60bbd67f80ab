// The environment of the processes that this one starts: its own, without the secrets that are for Jobledger alone.

/** Where PostgreSQL's clients find the password of the database if DATABASE_URL has none. Prisma's CLI needs them. */
export const DATABASE_PASSWORDS = ['PGPASSWORD', 'PGPASSFILE'] as const

/** What gives access to the ledger, or makes credentials for it. */
const SECRETS: readonly string[] = [
  'DATABASE_URL',
  ...DATABASE_PASSWORDS,
  'AUTH_JWT_SECRET',
  'JOBLEDGER_TOKEN',
  'JOBLEDGER_TOKEN_FILE',
]

/** `added` is set in it; of our secrets only those that `kept` names stay. */
export function childEnvironment(
  added: Readonly<Record<string, string>> = {},
  kept: readonly string[] = [],
): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: a child gets the environment of its parent; nothing is configured by it here.
  const given = Object.entries(process.env).filter(([name]) => kept.includes(name) || !SECRETS.includes(name))
  return { ...Object.fromEntries(given), ...added }
}
