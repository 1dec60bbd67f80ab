// The migration that brought workers: what it makes of the jobs that were there.
import pg from 'pg'
import { expect, it } from 'vitest'
import { migrateDown } from '../../src/database/migrations.ts'
import { createTestDatabase } from '../support/database.ts'
import { sqlFrom } from '../support/migrationSql.ts'

const WORKERS = '20261124000002_workers'

it('gives jobs the attempts that their histories tell, and makes them due since their creation', async () => {
  const database = await createTestDatabase()
  while ((await migrateDown(database.url)) !== WORKERS);
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const { rows: made } = await client.query(
    `INSERT INTO jobs (user_id, content) VALUES ('u', 'a'), ('u', 'b') RETURNING id`,
  )
  for (const state of ['PROCESSING', 'PENDING', 'PROCESSING', 'FAILED']) {
    await client.query('UPDATE jobs SET state = $1::job_state WHERE id = $2', [state, made[0].id])
  }
  for (const sql of sqlFrom(WORKERS)) await client.query(sql)
  const { rows } = await client.query(
    'SELECT attempt, releases, max_attempts, priority, lease_expires_at, run_at = created_at AS due, version FROM jobs ORDER BY content',
  )
  const same = { releases: 0, max_attempts: 1, priority: 0, lease_expires_at: null, due: true }
  expect(rows).toEqual([
    { ...same, attempt: 2, version: 5 },
    { ...same, attempt: 0, version: 1 },
  ])
  await client.end()
  await database.drop()
})
