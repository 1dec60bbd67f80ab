// Reverts all migrations and applies them again, one at a time, with rows in the tables.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planMigrateDown } from '../../src/database/migrateDownPlan.ts'
import { applyMigrations, MigrationError, migrateDown, migrationState } from '../../src/database/migrations.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { databaseShape } from '../support/databaseShape.ts'
import { MIGRATIONS, migrationSql } from '../support/migrationSql.ts'
import { CHECKOUT, run } from '../support/prismaCli.ts'
import { onServer } from '../support/testRun.ts'

const [FIRST, LAST] = [MIGRATIONS.at(0), MIGRATIONS.at(-1)]

let database: TestDatabase
let client: pg.Client

beforeEach(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
  // A role may have the name "jobledger", like the schema, which would then be first in the default
  // search_path.
  await client.query('SET search_path = public')
})

afterEach(async () => {
  await client.end()
  await database.drop()
})

/**
 * The shape of the database before the first migration and after each one, as created by their SQL.
 */
async function shapesOnTheWayUp(): Promise<string[][]> {
  const empty = await createTestDatabase({ empty: true })
  const shapes = [await databaseShape(empty.url)]
  for (const name of MIGRATIONS) {
    await onServer(empty.url, (session) => session.query(migrationSql(name)))
    shapes.push(await databaseShape(empty.url))
  }
  await empty.drop()
  return shapes
}

/** A job with a record and a result, even if no guard writes the record. */
async function addRows(): Promise<void> {
  const { rows } = await client.query(
    `INSERT INTO jobs (id, created_at, updated_at, run_at, user_id, content)
     SELECT id, created, created, created, 'ada', 'x'
     FROM (SELECT jobledger.uuid_v7() AS id) AS new, jobledger.uuid_time(id) AS created RETURNING id`,
  )
  const records = await client.query('SELECT FROM job_states WHERE job_id = $1', [rows[0].id])
  if (records.rowCount === 0) {
    await client.query(
      `INSERT INTO job_states (job_id, sequence, new_state, actor, "timestamp", transaction_id)
       SELECT id, 1, state, state_actor, created_at, 0 FROM jobs WHERE id = $1`,
      [rows[0].id],
    )
  }
  await client.query(`INSERT INTO job_results (job_id, status) VALUES ($1, 'success')`, [rows[0].id])
}

/** All rows of the tables; undefined while there are no tables. */
async function tableRows(): Promise<object | undefined> {
  const { rows } = await client.query(`SELECT to_regclass('jobs') IS NOT NULL AS there`)
  if (!rows[0].there) return undefined
  const all = await client.query(
    `SELECT (SELECT json_agg(j ORDER BY id) FROM jobs AS j) AS jobs, (SELECT json_agg(s ORDER BY id) FROM job_states AS s) AS states,
       (SELECT json_agg(r ORDER BY id) FROM job_results AS r) AS results`,
  )
  return all.rows[0]
}

/** Each column of our tables as "table.column", and whether any row has a value in it. */
async function columns(): Promise<{ readonly column: string; readonly filled: boolean }[]> {
  const { rows } = await client.query(
    `SELECT attrelid::regclass || '.' || attname AS column,
       format('SELECT EXISTS (SELECT FROM %s WHERE %I IS NOT NULL) AS filled', attrelid::regclass, attname) AS sql
     FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
     WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('public', 'jobledger') AND attnum > 0 AND NOT attisdropped AND relname <> '_prisma_migrations'`,
  )
  const all = []
  for (const { column, sql } of rows) all.push({ column, filled: (await client.query(sql)).rows[0].filled })
  return all
}

async function appliedNames(): Promise<string[]> {
  const { rows } = await client.query('SELECT migration_name FROM _prisma_migrations ORDER BY migration_name')
  return rows.map((row) => row.migration_name)
}

describe('migrateDown', () => {
  it('reverts each migration to exactly the previous schema, and keeps all rows while the tables exist', async () => {
    const shapes = await shapesOnTheWayUp()
    expect(await databaseShape(database.url)).toEqual(shapes[MIGRATIONS.length])
    for (let left = MIGRATIONS.length - 1; left >= 0; left -= 1) {
      await addRows()
      const rows = await tableRows()
      const plan = await planMigrateDown(database.url)
      const before = await columns()
      expect(await migrateDown(database.url)).toBe(MIGRATIONS[left])
      const now = await columns()
      const gone = before.filter(({ column }) => !now.some((one) => one.column === column))
      // Every table or column that had rows and was dropped was announced.
      const lost = gone.filter(({ filled }) => filled).map(({ column }) => column)
      const announced = (plan?.losses ?? []).map(({ what }) => what)
      const isAnnounced = (column: string): boolean =>
        announced.some((what) => what === column || what === column.slice(0, column.lastIndexOf('.')))
      expect(lost.filter((column) => !isAnnounced(column))).toEqual([])
      expect(await databaseShape(database.url)).toEqual(shapes[left])
      expect(await appliedNames()).toEqual(MIGRATIONS.slice(0, left))
      const kept = await tableRows()
      if (left === 0) expect(kept).toBeUndefined()
      // The rows from before may have values in columns that are gone.
      else expect(rows).toMatchObject(kept as object)
    }
    expect(shapes[0]).toEqual([])
  })

  it('leaves a database that can be migrated again, with the rows of every step', async () => {
    const whole = await databaseShape(database.url)
    while ((await appliedNames()).length > 1) await migrateDown(database.url)
    for (const name of MIGRATIONS.slice(1)) {
      await addRows()
      const rows = await tableRows()
      // Does the same as Prisma Migrate, but without its processes. The next test uses them.
      await client.query(migrationSql(name))
      expect(await tableRows()).toMatchObject(rows as object)
    }
    expect(await databaseShape(database.url)).toEqual(whole)
    await addRows()
  })

  it.each([
    ['the first', 1],
    ['nothing', 0],
  ])('leaves a database that Prisma Migrate brings up again from %s', async (_, left) => {
    const whole = await databaseShape(database.url)
    while ((await appliedNames()).length > left) await migrateDown(database.url)
    await applyMigrations(database.url)
    expect(await databaseShape(database.url)).toEqual(whole)
    expect(await migrationState(client)).toMatchObject({ state: 'up-to-date' })
    await addRows()
  })

  it('changes nothing if the script fails in the middle', async () => {
    while ((await appliedNames()).length > 1) await migrateDown(database.url)
    await addRows()
    // The script has dropped the other tables before it reaches this one.
    await client.query('CREATE VIEW leans_on AS SELECT id FROM jobs')
    const before = [await databaseShape(database.url), await tableRows(), await migrationState(client)]
    const error = await migrateDown(database.url).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(MigrationError)
    expect((error as Error).message).toBe(
      'The migration could not be reverted: cannot drop table jobs because other objects depend on it',
    )
    expect([await databaseShape(database.url), await tableRows(), await migrationState(client)]).toEqual(before)
    await client.query('DROP VIEW leans_on')
    expect(await migrateDown(database.url)).toBe(FIRST)
  })

  it('refuses while a migration is incomplete, and a migration without down.sql', async () => {
    const later = `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', '', '29990101000000_later')`
    await client.query(later)
    const before = await databaseShape(database.url)
    await expect(migrateDown(database.url)).rejects.toThrow(
      new MigrationError(
        'The migration 29990101000000_later failed half-way; resolve it first ("npx prisma migrate resolve").',
      ),
    )
    await client.query('UPDATE _prisma_migrations SET finished_at = now()')
    await expect(migrateDown(database.url)).rejects.toThrow(
      new MigrationError('The migration 29990101000000_later has no down.sql, so it cannot be reverted.'),
    )
    expect(await databaseShape(database.url)).toEqual(before)
    expect(await appliedNames()).toEqual([...MIGRATIONS, '29990101000000_later'])
  })

  it('skips a migration that was rolled back', async () => {
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, rolled_back_at) VALUES ('x', '', '29990101000000_later', now())`,
    )
    expect(await migrateDown(database.url)).toBe(LAST)
  })

  it('reverts two migrations, and none twice, when two calls race', async () => {
    const taken = await Promise.all([migrateDown(database.url), migrateDown(database.url)])
    expect(taken.sort()).toEqual(MIGRATIONS.slice(-2))
  })

  it('reports that no migration is applied', async () => {
    const empty = await createTestDatabase({ empty: true })
    expect(await migrateDown(empty.url)).toBeUndefined()
    await empty.drop()
  })
})

describe('npm run migrate:down', () => {
  it('reverts the latest migration, and reports when none is left', async () => {
    const { scripts } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'))
    expect(scripts['migrate:down']).toMatch(/^node /)
    const words = [...scripts['migrate:down'].split(' ').slice(1), '--yes']
    expect(await run(words, database.url)).toEqual({ code: 0, said: `Reverted ${LAST}.\n\n` })
    expect(await appliedNames()).toEqual(MIGRATIONS.slice(0, -1))
    const empty = await createTestDatabase({ empty: true })
    expect(await run(words, empty.url)).toEqual({ code: 0, said: 'No migration is applied.\n\n' })
    await empty.drop()
  })
})
