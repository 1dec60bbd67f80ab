// The databases that the suite provides to its tests.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { onServer } from '../support/testRun.ts'

describe('createTestDatabase', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  it('clones the migrated tables', async () => {
    const { rows } = await onServer(database.url, (client) => client.query('SELECT count(*)::int AS count FROM jobs'))
    expect(rows).toEqual([{ count: 0 }])
  })

  it('creates a database without tables if an empty one is requested', async () => {
    const empty = await createTestDatabase({ empty: true })
    const { rows } = await onServer(empty.url, (client) => client.query("SELECT to_regclass('public.jobs') AS jobs"))
    expect(rows).toEqual([{ jobs: null }])
    await empty.drop()
  })

  it('gives sessions the requested time zone', async () => {
    const tokyo = await createTestDatabase({ timezone: 'Asia/Tokyo' })
    const { rows } = await onServer(tokyo.url, (client) => client.query('SHOW timezone'))
    expect(rows).toEqual([{ TimeZone: 'Asia/Tokyo' }])
    await tokyo.drop()
  })

  it('creates several at once from one template', async () => {
    const many = await Promise.all(Array.from({ length: 6 }, () => createTestDatabase()))
    expect(new Set(many.map(({ name }) => name)).size).toBe(6)
    await Promise.all(many.map((each) => each.drop()))
  })

  it.skipIf(inject('testRun').keepFailed)('drops a database under whoever is still connected', async () => {
    const doomed = await createTestDatabase()
    const session = new pg.Client({ connectionString: doomed.url })
    const lost = new Promise((resolve) => session.on('error', resolve))
    await session.connect()
    await doomed.drop()
    expect(await lost).toMatchObject({ message: expect.stringContaining('terminat') })
    const { rows } = await onServer(inject('testRun').serverUrl, (client) =>
      client.query('SELECT FROM pg_database WHERE datname = $1', [doomed.name]),
    )
    expect(rows).toEqual([])
  })
})
