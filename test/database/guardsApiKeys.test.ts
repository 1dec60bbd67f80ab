// What a program with its own connection can do to API keys: record a use, change the expiry,
// revoke. Nothing else.
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createApiKey } from '../../src/access/apiKeys.ts'
import { type ExpectedRefusal, expectRefusal } from '../support/attack.ts'
import { openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client
let name: string
let made = 0

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})
afterAll(() => ledger.close())

beforeEach(async () => {
  made += 1
  name = `key-${made}`
  await createApiKey(ledger.prisma, { name, roles: ['USER', 'WORKER'], userId: 'ada' })
})

async function keys(): Promise<string[]> {
  const { rows } = await session.query('SELECT to_jsonb(k)::text AS line FROM public.api_keys k ORDER BY id')
  return rows.map(({ line }) => line)
}

/**
 * Runs SQL that must be refused with exactly this error, and asserts that all keys are unchanged.
 */
async function refused(sql: string, expected: ExpectedRefusal, client: pg.Client = session): Promise<void> {
  const before = await keys()
  await expectRefusal(client, sql, expected)
  expect(await keys()).toEqual(before)
}

const update = (change: string): string => `UPDATE api_keys SET ${change} WHERE name = '${name}'`

async function columnOf(column: string): Promise<unknown> {
  const { rows } = await session.query(`SELECT ${column} AS value FROM api_keys WHERE name = $1`, [name])
  return rows[0]?.value
}

describe('a key cannot be removed', () => {
  const gone = { code: 'JL007', message: 'API keys are revoked, not removed: records name them.' }

  it.each([
    ['deleted', 'DELETE FROM api_keys'],
    ['deleted in a purge', "BEGIN; SET LOCAL jobledger.purge = 'on'; DELETE FROM api_keys"],
    ['truncated', 'TRUNCATE api_keys'],
    ['truncated among others', 'TRUNCATE jobs, api_keys CASCADE'],
    ['merged away', 'MERGE INTO api_keys USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE'],
  ])('%s', async (way, sql) => {
    // The server decides which of several tables is checked first.
    await refused(sql, way === 'truncated among others' ? { code: expect.stringMatching(/^JL00[57]$/) as never } : gone)
  })

  it('not even when it is revoked and expired', async () => {
    await session.query(update("revoked_at = now(), expires_at = '2020-01-01Z'"))
    await refused(`DELETE FROM api_keys WHERE name = '${name}'`, gone)
  })
})

describe('the identity of a key never changes', () => {
  const altered = () => ({
    code: 'JL007',
    message: `These columns of API key ${name} never change: id, name, key_hash, roles, user_id, created_at.`,
  })

  it.each([
    'id = jobledger.uuid_v7()',
    "name = 'other'",
    "key_hash = sha256('my own')",
    "roles = '{USER,WORKER,ADMIN}'",
    "roles = '{USER}'",
    "roles = '{WORKER,USER}'",
    "user_id = 'mallory'",
    "created_at = created_at - interval '1 day'",
    "last_used_at = now(), roles = '{ADMIN}'",
  ])('%s', async (change) => {
    await refused(update(change), altered())
  })

  it('by user_id = NULL, if it is not required', async () => {
    name = `worker-${made}`
    await createApiKey(ledger.prisma, { name, roles: ['WORKER'], userId: 'ada' })
    await refused(update('user_id = NULL'), altered())
  })

  it('by an upsert', async () => {
    await refused(
      `INSERT INTO api_keys (name, key_hash, roles) VALUES ('${name}', sha256('x'), '{ADMIN}')
         ON CONFLICT (name) DO UPDATE SET key_hash = excluded.key_hash, roles = excluded.roles`,
      altered(),
    )
  })

  it('by a session whose operators treat all texts as equal', async () => {
    const own = await ledger.session()
    await own.query(`CREATE SCHEMA impostor;
      CREATE FUNCTION impostor.yes(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
      CREATE OPERATOR impostor.= (LEFTARG = text, RIGHTARG = text, FUNCTION = impostor.yes);
      SET search_path = impostor, pg_catalog, public`)
    const { rows } = await own.query(`SELECT 'a'::text = 'b'::text AS equal`)
    expect(rows).toEqual([{ equal: true }])
    await refused(`UPDATE api_keys SET name = 'other' WHERE id = '${await columnOf('id')}'`, altered(), own)
    await own.query('DROP SCHEMA impostor CASCADE')
  })
})

describe('what happens to a key', () => {
  it.each([
    ['last_used_at', '2026-03-01T10:00:00.123Z'],
    ['expires_at', '2031-01-01T00:00:00.000Z'],
    ['revoked_at', '2026-03-01T10:00:00.123Z'],
  ])('may be written: %s', async (column, instant) => {
    await session.query(update(`${column} = '${instant}'`))
    expect(await columnOf(column)).toEqual(new Date(instant))
  })

  it('can be undone for a last use or an expiry', async () => {
    await session.query(update('last_used_at = now(), expires_at = now()'))
    await session.query(update('last_used_at = NULL, expires_at = NULL'))
    expect([await columnOf('last_used_at'), await columnOf('expires_at')]).toEqual([null, null])
  })
})

describe('a revoked key', () => {
  beforeEach(() => session.query(update("revoked_at = '2026-03-01Z'")))

  it.each(['NULL', 'now()', "revoked_at + interval '1 ms'", "'infinity'"])(
    'stays revoked since then: revoked_at = %s',
    async (value) => {
      await refused(update(`revoked_at = ${value}`), {
        code: 'JL007',
        message: `API key ${name} is revoked: revoked_at never changes.`,
      })
    },
  )

  it('can be revoked again at the same time, and used', async () => {
    await session.query(update("revoked_at = '2026-03-01Z', last_used_at = '2026-03-02Z'"))
    expect(await columnOf('last_used_at')).toEqual(new Date('2026-03-02T00:00:00Z'))
  })
})

describe('a key is not taken', () => {
  const insert = (row: Record<string, string>): string => {
    const columns = { name: `'new-${made}'`, key_hash: "sha256('new')", roles: "'{WORKER}'", ...row }
    return `INSERT INTO api_keys (${Object.keys(columns)}) VALUES (${Object.values(columns)})`
  }

  it('unless it is one', async () => {
    const before = await keys()
    await session.query(`BEGIN; ${insert({})}`)
    expect(await keys()).toHaveLength(before.length + 1)
    await session.query('ROLLBACK')
  })

  it.each([
    ['a hash that is none', { key_hash: "'jl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'" }, 'key_hash_is_sha256'],
    ['no roles', { roles: "'{}'" }, 'has_roles'],
    ['roles that are NULL', { roles: 'NULL' }, 'has_roles'],
    ['a role that is NULL', { roles: "'{WORKER,NULL}'" }, 'has_roles'],
    ['nothing but a role that is NULL', { roles: "'{NULL}'" }, 'has_roles'],
    ['roles in rows', { roles: "'{{ADMIN},{WORKER}}'" }, 'has_roles'],
    ['the role USER without a user', { roles: "'{ADMIN,USER}'" }, 'user_has_id'],
    ['an empty name', { name: "''" }, 'name_not_empty'],
  ])('with %s', async (_, row, constraint) => {
    await refused(insert(row), { code: '23514', constraint: `ck_api_keys_${constraint}` })
  })

  it.each(['name', 'key_hash', 'created_at'])('without %s', async (column) => {
    await refused(insert({ [column]: 'NULL' }), { code: '23502', message: `null value in column "${column}"` })
  })

  it('with a role that is none', async () => {
    await refused(insert({ roles: "'{ROOT}'" }), { code: '22P02', message: 'enum role: "ROOT"' })
  })

  it('with the name or the hash of another one', async () => {
    await refused(insert({ name: `'${name}'` }), { code: '23505', constraint: 'ix_api_keys_name' })
    const hash = `(SELECT key_hash FROM api_keys WHERE name = '${name}')`
    await refused(insert({ key_hash: hash }), { code: '23505', constraint: 'ix_api_keys_key_hash' })
  })
})
