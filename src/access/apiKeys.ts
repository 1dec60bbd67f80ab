// Creates, finds, lists and revokes API keys. A key is shown once, when it is created; the database
// stores only its hash.
import { createHash, randomBytes } from 'node:crypto'
import { type ApiKey, Prisma, type PrismaClient } from '../database/generated/client.ts'
import type { Sql } from '../database/rows/sql.ts'
import { InputCheck } from '../ledger/inputCheck.ts'
import type { LedgerDatabase } from '../ledger/ledger.ts'
import { DEFAULT_LIMITS } from '../ledger/limits.ts'
import { ROLES, type Role } from './roles.ts'

export interface ApiKeyInput {
  /** 1 to 150 letters, digits and `. _ - @`. The actor in records is `key:<name>`. */
  readonly name: string
  /** At least one. USER needs a `userId`. */
  readonly roles: readonly Role[]
  /** The user whose jobs are the caller's own. */
  readonly userId?: string | undefined
  /** When the key expires. By default it does not. */
  readonly expiresAt?: Date | undefined
}

/** The API key cannot be created or revoked. The message is a complete sentence. */
export class ApiKeyError extends Error {
  override readonly name = 'ApiKeyError'
}

/** 256 random bits cannot be guessed, so a fast hash without salt is safe. */
const RANDOM_BYTES = 32
const KEY_PATTERN = /^jl_[A-Za-z0-9_-]{43}$/
const NAME_PATTERN = /^[\w.@-]{1,150}$/
/** Prisma's error code for the violation of a unique constraint. */
const UNIQUE_VIOLATION = 'P2002'

/** Whether the text has the form of a key. The key need not exist. */
export function isApiKey(text: string): boolean {
  return KEY_PATTERN.test(text)
}

/**
 * Creates a key. `key` is the credential to send. It cannot be recovered later.
 *
 * @throws InvalidInputError with all issues; ApiKeyError if the name is taken, even by a revoked
 * key
 */
export async function createApiKey(prisma: PrismaClient, input: ApiKeyInput): Promise<{ key: string; apiKey: ApiKey }> {
  checkInput(input)
  const key = `jl_${randomBytes(RANDOM_BYTES).toString('base64url')}`
  const { name, roles, userId = null, expiresAt = null } = input
  const data = { name, keyHash: hashOf(key), roles: ROLES.filter((role) => roles.includes(role)), userId, expiresAt }
  try {
    return { key, apiKey: await prisma.apiKey.create({ data }) }
  } catch (error) {
    const taken = error instanceof Prisma.PrismaClientKnownRequestError && error.code === UNIQUE_VIOLATION
    if (!taken) throw error
    throw new ApiKeyError(`A key named ${name} already exists. Names are never reused, because records contain them.`, {
      cause: error,
    })
  }
}

/** All keys, oldest first, including expired and revoked ones. */
export async function listApiKeys(prisma: PrismaClient): Promise<ApiKey[]> {
  return prisma.apiKey.findMany({ orderBy: { id: 'asc' } })
}

/**
 * Revokes a key permanently. Does nothing if it is already revoked.
 *
 * @throws ApiKeyError if no key has this name
 */
export async function revokeApiKey({ prisma, sql }: LedgerDatabase, name: string): Promise<ApiKey> {
  await sql.execute`UPDATE api_keys SET revoked_at = jobledger.current_instant() WHERE name = ${name} AND revoked_at IS NULL`
  const apiKey = await prisma.apiKey.findUnique({ where: { name } })
  if (apiKey === null) throw new ApiKeyError(`There is no key named ${name}.`)
  return apiKey
}

/** The row of a key, even if the key is expired or revoked; null if the key does not exist. */
export async function findApiKey(prisma: PrismaClient, key: string): Promise<ApiKey | null> {
  return prisma.apiKey.findUnique({ where: { keyHash: hashOf(key) } })
}

/** Sets the time of the key's last use to now. */
export async function recordApiKeyUse(sql: Sql, id: string): Promise<void> {
  await sql.execute`UPDATE api_keys SET last_used_at = jobledger.current_instant() WHERE id = ${id}::uuid`
}

function hashOf(key: string): Buffer<ArrayBuffer> {
  return createHash('sha256').update(key).digest() as Buffer<ArrayBuffer>
}

function checkInput({ name, roles, userId, expiresAt }: ApiKeyInput): void {
  const check = new InputCheck(DEFAULT_LIMITS)
  if (!NAME_PATTERN.test(name)) {
    check.addIssue('name', `must be 1 to 150 letters, digits and . _ - @ (got "${name.slice(0, 200)}").`)
  }
  const unknown = roles.filter((role) => !ROLES.includes(role))
  if (roles.length === 0 || unknown.length > 0) {
    const got = roles.length === 0 ? 'none' : `"${unknown.join(', ').slice(0, 100)}"`
    check.addIssue('roles', `must be one or more of ${ROLES.join(', ')} (got ${got}).`)
  }
  check.name('userId', userId)
  if (roles.includes('USER') && !userId)
    check.addIssue('userId', 'is required with the role USER, which is limited to the jobs of one user.')
  check.instant('expiresAt', expiresAt)
  if (expiresAt !== undefined && expiresAt.getTime() <= Date.now()) {
    check.addIssue('expiresAt', `must be in the future (got ${expiresAt.toISOString()}).`)
  }
  check.throwIfAny()
}
