// `jobledger api-key`: creates, lists and revokes API keys in the embedded or the configured
// database.

import { ApiKeyError, createApiKey, listApiKeys, revokeApiKey } from '../access/apiKeys.ts'
import { ROLES, type Role } from '../access/roles.ts'
import { readConfig } from '../config.ts'
import { OutcomeUnknownError } from '../database/retryableErrors.ts'
import { runningBulkActionsOf } from '../ledger/bulkActions.ts'
import { InvalidInputError } from '../ledger/errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { isDiscarded, OutputError, print } from './output.ts'
import { UsageError } from './program/usageError.ts'
import { tableText } from './table.ts'
import { typedCommand } from './typedCommand.ts'
import { withLedger } from './withLedger.ts'

export interface CreateApiKeyOptions {
  /** Comma-separated roles. */
  readonly roles: string
  readonly user?: string
  /** Days of 24 hours. */
  readonly expires?: string
}

const DAY_MS = 86_400_000
/** A century. For longer, omit the option. */
const MAX_DAYS = 36_500

/**
 * Prints only the key to stdout, so that it can be piped, and notes to stderr. A key that could not
 * be printed is revoked.
 *
 * @throws UsageError, ApiKeyError, OutputError
 */
export async function createKey(name: string, { roles, user, expires }: CreateApiKeyOptions): Promise<void> {
  const expiresAt = expires === undefined ? undefined : daysFromNow(expires)
  if (isDiscarded()) throw new OutputError('The key would be lost: standard output is closed or /dev/null.')
  await withLedger(readConfig(), async ({ ledger }) => {
    const input = { name, roles: roles.split(',').map((role) => roleOf(role.trim())), userId: user, expiresAt }
    const { key, apiKey } = await createApiKey(ledger.prisma, input).catch((error: unknown) => {
      if (error instanceof InvalidInputError) throw new UsageError(withOptionNames(error), { cause: error })
      throw unconfirmed(
        error,
        `The database did not confirm the key ${name}: it may have been created but was not ` +
          `shown. ${LIST_KEYS} If it is listed, revoke it and create one with another name.`,
      )
    })
    await show(key, () => revoke(ledger, name))
    console.error(
      `The key ${apiKey.name} (${apiKey.roles.join(', ')}) is shown only once. Send it as: Authorization: Bearer <key>`,
    )
  })
}

async function show(key: string, revoke: () => Promise<{ readonly name: string }>): Promise<void> {
  const failure = await print(key).then(
    (isRead) => (isRead ? undefined : new OutputError('The reader of standard output has closed.')),
    (error: OutputError) => error,
  )
  if (failure === undefined) return
  const { name } = await revoke()
  throw new OutputError(
    `${failure.message} The key ${name} was not shown, so it was revoked; create one with another name.`,
    { cause: failure },
  )
}

export async function listKeys(): Promise<void> {
  await withLedger(readConfig(), async ({ ledger }) => {
    const keys = await listApiKeys(ledger.prisma)
    if (keys.length === 0) console.log('No keys exist.')
    else {
      const rows = keys.map(({ name, roles, userId, createdAt, expiresAt, lastUsedAt, revokedAt }) => ({
        name,
        roles: roles.join(', '),
        user: userId ?? '',
        created: at(createdAt),
        expires: at(expiresAt),
        'last used': at(lastUsedAt),
        state: revokedAt === null ? (expiresAt !== null && expiresAt <= new Date() ? 'expired' : 'active') : 'revoked',
      }))
      console.log(tableText(rows))
    }
  })
}

export async function revokeKey(name: string): Promise<void> {
  await withLedger(readConfig(), async ({ ledger }) => {
    const { revokedAt } = await revoke(ledger, name)
    console.log(`The key ${name} was revoked at ${at(revokedAt)}; servers refuse it within seconds.`)
    for (const { id } of await runningBulkActionsOf(ledger, `key:${name}`))
      console.log(`The bulk action ${id} of this key continues. To end it: ${typedCommand('jobs', 'abort', id)}`)
  })
}

function revoke(ledger: Ledger, name: string): Promise<{ name: string; revokedAt: Date | null }> {
  return revokeApiKey(ledger, name).catch((error: unknown) => {
    throw unconfirmed(
      error,
      `The database did not confirm that the key ${name} is revoked: it may still be ` +
        `accepted. Run "${typedCommand('api-key', 'revoke', name)}" again. ${LIST_KEYS}`,
    )
  })
}

const LIST_KEYS = `"${typedCommand('api-key', 'list')}" lists all keys and shows which are revoked.`

/** Options by the input field that they set. */
const OPTIONS: Readonly<Record<string, string>> = {
  name: '<name>',
  roles: '--roles',
  userId: '--user',
  expiresAt: '--expires',
}

function withOptionNames({ issues }: InvalidInputError): string {
  return issues.map(({ path: [member = ''], message }) => `${OPTIONS[member] ?? member} ${message}`).join(' ')
}

/**
 * Explains what to do if it is unknown whether a key was written. Returns other errors unchanged.
 */
function unconfirmed(error: unknown, message: string): unknown {
  return error instanceof OutcomeUnknownError ? new ApiKeyError(message, { cause: error }) : error
}

/** Accepts lower case, but not Unicode case folding; an unknown role is refused later. */
function roleOf(text: string): Role {
  return ROLES.find((role) => role.toLowerCase() === text) ?? (text as Role)
}

function daysFromNow(typed: string): Date {
  const days = Number(typed)
  if (!(days > 0 && days <= MAX_DAYS)) {
    throw new ApiKeyError(`--expires must be a positive number of days, at most ${MAX_DAYS} (got "${typed}").`)
  }
  return new Date(Date.now() + days * DAY_MS)
}

function at(instant: Date | null): string {
  return instant?.toISOString() ?? ''
}
