// API keys: made, found, listed and revoked. A key is shown once, when it is made; the database has its hash alone.
import { createHash, randomBytes } from 'node:crypto'
import { type ApiKey, Prisma, type PrismaClient } from '../database/generated/client.ts'
import type { Sql } from '../database/rows/sql.ts'
import { InputCheck } from '../ledger/inputCheck.ts'
import type { LedgerDatabase } from '../ledger/ledger.ts'
import { DEFAULT_LIMITS } from '../ledger/limits.ts'
import { ROLES, type Role } from './roles.ts'

export interface ApiKeyInput {
  /** 1 to 150 letters, digits and `. _ - @`: records name the user of the key `key:<name>`. */
  readonly name: string
  /** At least one. USER needs a `userId`. */
  readonly roles: readonly Role[]
  /** Whose jobs are the own jobs of whoever uses the key. */
  readonly userId?: string | undefined
  /** From when on the key is refused; by default never. */
  readonly expiresAt?: Date | undefined
}

/** What was asked of the API keys cannot be done. The message is a complete sentence. */
export class ApiKeyError extends Error {
  override readonly name = 'ApiKeyError'
}

/** 256 bits: nobody finds one by trying, so the hash needs neither salt nor slowness. */
const RANDOM_BYTES = 32
const FORM = /^jl_[A-Za-z0-9_-]{43}$/
const NAME = /^[\w.@-]{1,150}$/
/** Prisma's code for a value that must be unique and is not. */
const TAKEN = 'P2002'

/** Whether a text has the form of a key. */
export function isApiKey(text: string): boolean {
  return FORM.test(text)
}

/**
 * Makes a key. `key` is what its user sends; it cannot be had again.
 *
 * @throws InvalidInputError that names every fault, ApiKeyError if the name is taken, even by a revoked key
 */
export async function createApiKey(prisma: PrismaClient, input: ApiKeyInput): Promise<{ key: string; apiKey: ApiKey }> {
  checkInput(input)
  const key = `jl_${randomBytes(RANDOM_BYTES).toString('base64url')}`
  const { name, roles, userId = null, expiresAt = null } = input
  const data = { name, keyHash: hashOf(key), roles: ROLES.filter((role) => roles.includes(role)), userId, expiresAt }
  try {
    return { key, apiKey: await prisma.apiKey.create({ data }) }
  } catch (error) {
    const taken = error instanceof Prisma.PrismaClientKnownRequestError && error.code === TAKEN
    if (!taken) throw error
    throw new ApiKeyError(
      `There is a key named ${name} already; a name is never used again, because records bear it.`,
      {
        cause: error,
      },
    )
  }
}

/** All keys, also those that are refused, the oldest first. */
export async function listApiKeys(prisma: PrismaClient): Promise<ApiKey[]> {
  return prisma.apiKey.findMany({ orderBy: { id: 'asc' } })
}

/** Revokes a key, for good. A key that is revoked already stays as it is. @throws ApiKeyError if there is none of this name */
export async function revokeApiKey({ prisma, sql }: LedgerDatabase, name: string): Promise<ApiKey> {
  await sql.execute`UPDATE api_keys SET revoked_at = jobledger.current_instant() WHERE name = ${name} AND revoked_at IS NULL`
  const apiKey = await prisma.apiKey.findUnique({ where: { name } })
  if (apiKey === null) throw new ApiKeyError(`There is no key named ${name}.`)
  return apiKey
}

/** The row of a key, be it good or refused; null if there is no such key. */
export async function findApiKey(prisma: PrismaClient, key: string): Promise<ApiKey | null> {
  return prisma.apiKey.findUnique({ where: { keyHash: hashOf(key) } })
}

/** Notes that a key is in use now. */
export async function recordApiKeyUse(sql: Sql, id: string): Promise<void> {
  await sql.execute`UPDATE api_keys SET last_used_at = jobledger.current_instant() WHERE id = ${id}::uuid`
}

function hashOf(key: string): Buffer<ArrayBuffer> {
  return createHash('sha256').update(key).digest() as Buffer<ArrayBuffer>
}

function checkInput({ name, roles, userId, expiresAt }: ApiKeyInput): void {
  const check = new InputCheck(DEFAULT_LIMITS)
  if (!NAME.test(name)) {
    check.addIssue('name', `must be 1 to 150 letters, digits and . _ - @; "${name.slice(0, 200)}" came.`)
  }
  const unknown = roles.filter((role) => !ROLES.includes(role))
  if (roles.length === 0 || unknown.length > 0) {
    const came = roles.length === 0 ? 'none' : `"${unknown.join(', ').slice(0, 100)}"`
    check.addIssue('roles', `must be one or more of ${ROLES.join(', ')}; ${came} came.`)
  }
  check.name('userId', userId)
  if (roles.includes('USER') && !userId)
    check.addIssue('userId', 'must be given with the role USER: whose own jobs are they?')
  check.instant('expiresAt', expiresAt)
  if (expiresAt !== undefined && expiresAt.getTime() <= Date.now()) {
    check.addIssue('expiresAt', `must lie in the future; ${expiresAt.toISOString()} came.`)
  }
  check.throwIfAny()
}
