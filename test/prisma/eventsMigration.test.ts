// The migration that brought events: what it makes of the records that were there.
import pg from 'pg'
import { expect, it } from 'vitest'
import { migrateDown } from '../../src/database/migrations.ts'
import { createTestDatabase } from '../support/database.ts'
import { sqlFrom } from '../support/migrationSql.ts'

const EVENTS = '20261125000001_events'

it('puts records into order that transactions wrote which were numbered the other way round', async () => {
  const database = await createTestDatabase()
  while ((await migrateDown(database.url)) !== EVENTS);
  const clients = [0, 1].map(() => new pg.Client({ connectionString: database.url }))
  const [early, late] = clients as [pg.Client, pg.Client]
  for (const client of clients) await client.connect()
  const { rows: made } = await late.query(
    `INSERT INTO jobs (user_id, content) VALUES ('u', 'a'), ('u', 'b') RETURNING id`,
  )
  await early.query('BEGIN; SELECT pg_current_xact_id()')
  await late.query(`UPDATE jobs SET state = 'PROCESSING' WHERE id = $1`, [made[0].id])
  await early.query(`UPDATE jobs SET state = 'FAILED' WHERE id = '${made[0].id}'; COMMIT`)
  const historyOf = async (): Promise<{ id: bigint; transaction_id: bigint }[]> => {
    const { rows } = await late.query('SELECT id, transaction_id FROM job_states WHERE job_id = $1 ORDER BY sequence', [
      made[0].id,
    ])
    return rows.map(({ id, transaction_id }) => ({ id: BigInt(id), transaction_id: BigInt(transaction_id) }))
  }
  const [first, second, third] = await historyOf()
  expect(third?.transaction_id).toBeLessThan(second?.transaction_id as bigint)
  for (const sql of sqlFrom(EVENTS)) await late.query(sql)
  expect(await historyOf()).toEqual([first, second, { ...third, transaction_id: second?.transaction_id }])
  for (const client of clients) await client.end()
  await database.drop()
})
