// Checks what we need of every session. A pooler can drop the settings requested on connect, and a
// server can become read-only. The messages name no users and no addresses, because they are public
// (http/health.ts).
import type pg from 'pg'
import { DatabaseUnavailableError } from './retryableErrors.ts'
import { type RetryDelay, retryDelaySettings } from './retryDelay.ts'

export interface SessionFaults {
  /**
   * The server is a standby, or the database or role is read-only. Temporary, for example after a
   * failover.
   */
  readonly isReadOnly: boolean
  /** A sentence for each setting that has the wrong value. */
  readonly settings: readonly string[]
}

/** The required value of a setting. */
export interface RequiredSettings extends RetryDelay {
  readonly statementTimeoutMs: number
}

interface Requirement {
  readonly wanted: string
  readonly isMet?: (value: string) => boolean
}

function requirementsOf({ statementTimeoutMs, ...retryDelay }: RequiredSettings): Map<string, Requirement> {
  return new Map<string, Requirement>([
    ['TimeZone', { wanted: 'UTC', isMet: (value) => value === 'UTC' || value === 'Etc/UTC' }],
    ['DateStyle', { wanted: 'ISO', isMet: (value) => value.startsWith('ISO') }],
    ['bytea_output', { wanted: 'hex' }],
    ['client_encoding', { wanted: 'UTF8' }],
    ['default_transaction_isolation', { wanted: 'read committed' }],
    // Lower values round numbers.
    ['extra_float_digits', { wanted: '1', isMet: (value) => Number(value) >= 1 }],
    ['jit', { wanted: 'off' }],
    ['search_path', { wanted: 'public' }],
    // Any other value disables the triggers that guard the ledger and write its history.
    ['session_replication_role', { wanted: 'origin', isMet: (value) => value !== 'replica' }],
    ['standard_conforming_strings', { wanted: 'on' }],
    ['statement_timeout', { wanted: String(statementTimeoutMs) }],
    ...Object.entries(retryDelaySettings(retryDelay)).map(([name, wanted]) => [name, { wanted }] as const),
  ])
}

export const READ_ONLY = 'The database is read-only.'

export const readOnlyError = (cause?: unknown): DatabaseUnavailableError =>
  new DatabaseUnavailableError(READ_ONLY, { cause })

export const isReadOnlyError = (error: unknown): boolean =>
  error instanceof DatabaseUnavailableError && error.reason === READ_ONLY

/** Checks one session. @throws the errors of pg */
export async function sessionFaults(client: pg.ClientBase, required: RequiredSettings): Promise<SessionFaults> {
  const requirements = requirementsOf(required)
  // pg_settings has numbers without units, and lacks custom settings. PostgreSQL skips schemas of a
  // search path that do not exist.
  const { rows } = await client.query<{ name: string; value: string | null }>(
    `SELECT name, CASE WHEN name = 'search_path' AND current_schema() = 'public' THEN 'public'
       ELSE coalesce((SELECT setting FROM pg_settings WHERE pg_settings.name = wanted.name), current_setting(name, true)) END AS value
     FROM unnest($1::text[]) AS wanted (name)`,
    [[...requirements.keys(), 'transaction_read_only']],
  )
  const values = new Map(rows.map(({ name, value }) => [name, value ?? '']))
  const settings = [...requirements].flatMap(([name, { wanted, isMet = (got: string) => got === wanted }]) => {
    const value = values.get(name) ?? ''
    return isMet(value) ? [] : [faultOf(name, wanted, value)]
  })
  return { isReadOnly: values.get('transaction_read_only') === 'on', settings }
}

function faultOf(name: string, wanted: string, value: string): string {
  return (
    `The database setting ${name} must be "${wanted}" in every session (got "${value}"). ` +
    `If a connection pooler drops it, set it on the role: ALTER ROLE ... SET ${name} = '${wanted}'.`
  )
}
