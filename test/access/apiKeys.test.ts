// Creating, finding and revoking API keys with src/access. guardsApiKeys.test.ts tests the guards
// of the database.
import { createHash } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ApiKeyError,
  type ApiKeyInput,
  createApiKey,
  findApiKey,
  isApiKey,
  listApiKeys,
  recordApiKeyUse,
  revokeApiKey,
} from '../../src/access/apiKeys.ts'
import type { Role } from '../../src/access/roles.ts'
import { databaseNow } from '../../src/database/clock.ts'
import { type InputIssue, InvalidInputError } from '../../src/ledger/errors.ts'
import { MISSING_ID, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client
let made = 0

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})
afterAll(() => ledger.close())

const tomorrow = (): Date => new Date(Date.now() + 86_400_000)

function newKey(input: Partial<ApiKeyInput> = {}) {
  made += 1
  return createApiKey(ledger.prisma, { name: `key-${made}`, roles: ['WORKER'], ...input })
}

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail('was not refused'),
    (error: unknown) => error,
  )

/** The issues for which a key with this input is refused. Checks that nothing is written. */
async function faultsOf(input: Partial<ApiKeyInput>): Promise<InputIssue[]> {
  const before = await listApiKeys(ledger.prisma)
  const error = await errorOf(newKey(input))
  expect(error).toBeInstanceOf(InvalidInputError)
  expect(await listApiKeys(ledger.prisma)).toEqual(before)
  return (error as InvalidInputError).issues
}

describe('a new key', () => {
  it('has the form of a key, and is unique', async () => {
    const keys = [(await newKey()).key, (await newKey()).key]
    for (const key of keys) expect(key).toMatch(/^jl_[A-Za-z0-9_-]{43}$/)
    expect(keys[0]).not.toBe(keys[1])
    expect(keys.map((key) => Buffer.from(key.slice(3), 'base64url').length)).toEqual([32, 32])
  })

  it('leaves only its hash in the database', async () => {
    const { key, apiKey } = await newKey()
    const { rows } = await session.query('SELECT to_jsonb(k)::text AS line, key_hash FROM api_keys k WHERE id = $1', [
      apiKey.id,
    ])
    expect(rows).toHaveLength(1)
    expect(rows[0].key_hash).toEqual(createHash('sha256').update(key).digest())
    const secret = key.slice(3)
    for (const trace of [secret, Buffer.from(secret, 'base64url').toString('hex'), Buffer.from(key).toString('hex')]) {
      expect(rows[0].line).not.toContain(trace)
    }
  })

  it('has the requested properties, with each role once in the order of the role table', async () => {
    const expiresAt = tomorrow()
    const roles: Role[] = ['ADMIN', 'USER', 'WORKER', 'USER']
    const before = await databaseNow(ledger.sql)
    const { apiKey } = await newKey({ name: 'a.B_c-9@d', roles, userId: 'ada', expiresAt })
    expect(apiKey).toMatchObject({ name: 'a.B_c-9@d', roles: ['USER', 'WORKER', 'ADMIN'], userId: 'ada', expiresAt })
    expect(apiKey).toMatchObject({ lastUsedAt: null, revokedAt: null })
    expect(apiKey.createdAt.getTime()).toBeGreaterThanOrEqual(before.getTime() - 1)
    expect(apiKey.createdAt.getTime()).toBeLessThanOrEqual((await databaseNow(ledger.sql)).getTime() + 1)
  })

  it('has no user and does not expire by default', async () => {
    expect((await newKey()).apiKey).toMatchObject({ roles: ['WORKER'], userId: null, expiresAt: null })
  })

  it('may have a name of 150 characters and a user of 200', async () => {
    const [name, userId] = ['n'.repeat(150), '😀'.repeat(200)]
    expect((await newKey({ name, roles: ['USER'], userId })).apiKey).toMatchObject({ name, userId })
  })
})

describe('an input is refused', () => {
  it.each(['', 'n'.repeat(151), 'with space', 'with:colon', 'é', 'line\n', '\0', '../up'])(
    'for the name %j',
    async (name) => {
      const message = `must be 1 to 150 letters, digits and . _ - @ (got "${name}").`
      expect(await faultsOf({ name })).toEqual([{ path: ['name'], message }])
    },
  )

  it.each<[Role[], string]>([
    [[], 'none'],
    [['ROOT' as Role], '"ROOT"'],
    [['WORKER', 'user' as Role, '' as Role], '"user, "'],
  ])('for the roles %j', async (roles, got) => {
    const message = `must be one or more of USER, WORKER, AUDITOR, ADMIN (got ${got}).`
    expect(await faultsOf({ roles })).toEqual([{ path: ['roles'], message }])
  })

  it('for the role USER without a user, alone or among others', async () => {
    const message = 'is required with the role USER, which is limited to the jobs of one user.'
    const issue = { path: ['userId'], message }
    expect(await faultsOf({ roles: ['USER'] })).toEqual([issue])
    expect(await faultsOf({ roles: ['ADMIN', 'USER'] })).toEqual([issue])
  })

  it.each([
    ['', 'must have 1 to 200 characters (got 0).'],
    ['u'.repeat(201), 'must have 1 to 200 characters (got 201).'],
  ])('for a user of a wrong length', async (userId, message) => {
    expect(await faultsOf({ userId })).toEqual([{ path: ['userId'], message }])
  })

  it('for an expiry that is past or not an instant', async () => {
    const past = new Date(Date.now() - 1)
    expect(await faultsOf({ expiresAt: past })).toEqual([
      { path: ['expiresAt'], message: `must be in the future (got ${past.toISOString()}).` },
    ])
    expect(await faultsOf({ expiresAt: new Date(Number.NaN) })).toEqual([
      { path: ['expiresAt'], message: 'must be an instant in the years 1 to 9999 (got an invalid date).' },
    ])
  })

  it('with all its issues at once', async () => {
    const faults = await faultsOf({ name: '', roles: [], userId: '', expiresAt: new Date(0) })
    expect(faults.map(({ path }) => path.join())).toEqual(['name', 'roles', 'userId', 'expiresAt'])
  })
})

describe('a name', () => {
  const sentence = (name: string): string =>
    `A key named ${name} already exists. Names are never reused, because records contain them.`

  it('stays taken, even after its key is revoked', async () => {
    const { name } = (await newKey()).apiKey
    expect(await errorOf(newKey({ name }))).toEqual(new ApiKeyError(sentence(name)))
    await revokeApiKey(ledger, name)
    expect(await errorOf(newKey({ name, roles: ['ADMIN'] }))).toEqual(new ApiKeyError(sentence(name)))
    expect((await listApiKeys(ledger.prisma)).filter((key) => key.name === name)).toHaveLength(1)
  })

  it('is given once when several callers race', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => newKey({ name: 'wanted' })))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(refusals).toEqual(Array(7).fill(new ApiKeyError(sentence('wanted'))))
  })

  it('is not reported as taken when something else is wrong', async () => {
    await session.query('ALTER TABLE api_keys RENAME TO elsewhere')
    const error = await errorOf(newKey())
    await session.query('ALTER TABLE elsewhere RENAME TO api_keys')
    expect(error).not.toBeInstanceOf(ApiKeyError)
    expect(error).toMatchObject({ code: 'P2021' })
  })

  it('is case-sensitive', async () => {
    await newKey({ name: 'case' })
    expect((await newKey({ name: 'CASE' })).apiKey.name).toBe('CASE')
  })
})

describe('finding a key', () => {
  it('requires the complete key, and one statement that does not contain it', async () => {
    const { key, apiKey } = await newKey()
    const sent = await ledger.statementsOf(async () => expect(await findApiKey(ledger.prisma, key)).toEqual(apiKey))
    expect(sent).toEqual([expect.stringMatching(/^SELECT .*"key_hash" = \$1/)])
    const other = `${key.slice(0, -2)}${key.at(-2) === 'A' ? 'B' : 'A'}${key.at(-1)}`
    for (const wrong of [other, key.slice(3), key.toUpperCase(), `${key} `, apiKey.name, '']) {
      expect(await findApiKey(ledger.prisma, wrong)).toBeNull()
    }
    expect(await findApiKey(ledger.prisma, createHash('sha256').update(key).digest('hex'))).toBeNull()
  })

  it('also finds revoked and expired keys', async () => {
    const [revoked, expired] = [await newKey(), await newKey({ expiresAt: tomorrow() })]
    await revokeApiKey(ledger, revoked.apiKey.name)
    await session.query("UPDATE api_keys SET expires_at = '2020-01-01Z' WHERE id = $1", [expired.apiKey.id])
    expect(await findApiKey(ledger.prisma, revoked.key)).toMatchObject({
      id: revoked.apiKey.id,
      revokedAt: expect.any(Date),
    })
    expect(await findApiKey(ledger.prisma, expired.key)).toEqual({
      ...expired.apiKey,
      expiresAt: new Date('2020-01-01T00:00:00Z'),
    })
  })
})

describe('the list', () => {
  it('has all keys in order of creation, including revoked and expired ones', async () => {
    const names = ['z-first', 'a-second', 'm-third']
    for (const name of names) await newKey({ name })
    await revokeApiKey(ledger, 'a-second')
    const listed = await listApiKeys(ledger.prisma)
    expect(listed.slice(-3).map(({ name, revokedAt }) => [name, revokedAt !== null])).toEqual([
      ['z-first', false],
      ['a-second', true],
      ['m-third', false],
    ])
  })
})

describe('revoking', () => {
  it('sets the time once, by the clock of the database, and only for the key of that name', async () => {
    const [{ apiKey }, { apiKey: bystander }] = [await newKey(), await newKey()]
    const before = await databaseNow(ledger.sql)
    const revoked = await revokeApiKey(ledger, apiKey.name)
    expect(revoked).toEqual({ ...apiKey, revokedAt: expect.any(Date) })
    expect(Number(revoked.revokedAt)).toBeGreaterThanOrEqual(Math.floor(before.getTime()))
    expect(Number(revoked.revokedAt)).toBeLessThanOrEqual((await databaseNow(ledger.sql)).getTime())
    await session.query('SELECT pg_sleep(0.01)')
    expect(await revokeApiKey(ledger, apiKey.name)).toEqual(revoked)
    expect((await listApiKeys(ledger.prisma)).find(({ id }) => id === bystander.id)).toEqual(bystander)
  })

  it('stores one time when several callers race, and returns it to all', async () => {
    const { name } = (await newKey()).apiKey
    const all = await Promise.all(Array.from({ length: 8 }, () => revokeApiKey(ledger, name)))
    const { revokedAt } = await ledger.prisma.apiKey.findUniqueOrThrow({ where: { name } })
    expect(revokedAt).toBeInstanceOf(Date)
    expect(all.map((key) => key.revokedAt)).toEqual(all.map(() => revokedAt))
  })

  it('is refused if no key has the name', async () => {
    expect(await errorOf(revokeApiKey(ledger, 'missing'))).toEqual(new ApiKeyError('There is no key named missing.'))
  })
})

describe('the last use', () => {
  it('is stored each time by the clock of the database, even for a revoked key', async () => {
    const { key, apiKey } = await newKey()
    let earliest = await databaseNow(ledger.sql)
    for (const revoke of [false, true]) {
      if (revoke) await revokeApiKey(ledger, apiKey.name)
      await recordApiKeyUse(ledger.sql, apiKey.id)
      const { lastUsedAt } = (await findApiKey(ledger.prisma, key)) ?? {}
      const latest = await databaseNow(ledger.sql)
      expect(Number(lastUsedAt)).toBeGreaterThanOrEqual(earliest.getTime())
      expect(Number(lastUsedAt)).toBeLessThanOrEqual(latest.getTime())
      await session.query('SELECT pg_sleep(0.005)')
      earliest = await databaseNow(ledger.sql)
    }
  })

  it('of an unknown id changes no key', async () => {
    const before = await listApiKeys(ledger.prisma)
    await recordApiKeyUse(ledger.sql, MISSING_ID)
    expect(await listApiKeys(ledger.prisma)).toEqual(before)
  })
})

describe('isApiKey', () => {
  const body = 'A'.repeat(43)

  it('accepts the form of a key', () => {
    for (const text of [`jl_${body}`, `jl_${'-_09azAZ'.repeat(6).slice(0, 43)}`]) expect(isApiKey(text)).toBe(true)
  })

  it.each([
    '',
    body,
    `jl_${body}A`,
    `jl_${body.slice(1)}`,
    `JL_${body}`,
    `jl_${body.slice(1)}+`,
    `jl_${body}\n`,
    ` jl_${body}`,
  ])('refuses %j', (text) => {
    expect(isApiKey(text)).toBe(false)
  })
})
