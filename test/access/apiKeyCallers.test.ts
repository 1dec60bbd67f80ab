// Callers with API keys, over HTTP: accepted until their keys expire or are revoked.
// apiKeys.test.ts tests the creation of keys.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createApiKey, listApiKeys, revokeApiKey } from '../../src/access/apiKeys.ts'
import { KEY_TTL_MS } from '../../src/access/authenticate.ts'
import { bearer } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: { AUTH: 'required' } })
})
afterAll(() => server.close())

async function newKey(name: string, expiresAt?: Date): Promise<string> {
  return (await createApiKey(server.ledger.prisma, { name, roles: ['AUDITOR'], expiresAt })).key
}

async function refusal(key: string): Promise<string | undefined> {
  const { status, errors } = await server.request('{ jobCount }', {}, bearer(key))
  if (errors === undefined) return undefined
  expect([status, errors[0]?.extensions]).toEqual([401, { code: 'UNAUTHENTICATED' }])
  expect(errors[0]?.message).not.toContain(key.slice(3))
  return errors[0]?.message
}

describe('a key', () => {
  it('authenticates its caller, and shows when it was last used', async () => {
    const key = await newKey('used')
    const lastUse = async () =>
      (await listApiKeys(server.ledger.prisma)).find(({ name }) => name === 'used')?.lastUsedAt
    expect(await lastUse()).toBe(null)
    expect(await refusal(key)).toBeUndefined()
    await eventually(async () => expect(Date.now() - Number(await lastUse())).toBeLessThan(10_000))
  })

  it('is refused once it has expired, even if it is cached', async () => {
    const key = await newKey('short', new Date(Date.now() + 500))
    expect(await refusal(key)).toBeUndefined()
    await eventually(async () => expect(await refusal(key)).toBe('The API key short has expired.'), KEY_TTL_MS / 2)
  })

  it('is refused within seconds of its revocation, even if it is in constant use', async () => {
    const key = await newKey('stolen')
    expect(await refusal(key)).toBeUndefined()
    await revokeApiKey(server.ledger, 'stolen')
    await eventually(async () => expect(await refusal(key)).toBe('The API key stolen was revoked.'), KEY_TTL_MS + 3000)
  }, 30_000)

  it('that does not exist is refused', async () => {
    expect(await refusal(`jl_${'A'.repeat(43)}`)).toBe('The API key does not exist.')
    expect(await refusal('jl_short')).toContain('only API keys')
  })

  it('authenticates its caller even if its last use cannot be stored', async () => {
    const key = await newKey('unnoted')
    await onServer(server.databaseUrl, (client) =>
      client.query(`CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
        CREATE TRIGGER no BEFORE UPDATE ON api_keys EXECUTE FUNCTION no()`),
    )
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    expect(await refusal(key)).toBeUndefined()
    await onServer(server.databaseUrl, (client) => client.query('DROP FUNCTION no CASCADE'))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})
