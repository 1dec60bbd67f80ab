// Maximum depth of stored JSON: the same in SQL as in the API. Older, deeper values do not block
// transitions.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonFault } from '../../src/ledger/storable.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let session: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  session = new pg.Client({ connectionString: database.url })
  await session.connect()
})

afterAll(async () => {
  await session.end()
  await database.drop()
})

const objects = (levels: number, inner: string): string => `${'{"a":'.repeat(levels)}${inner}${'}'.repeat(levels)}`
const refusal = (column: string, table: string) => ({
  code: '23514',
  message: `${column} of ${table} must be nested at most 100 levels deep.`,
})

async function newJob(metadata = '{}'): Promise<string> {
  const insert = "INSERT INTO jobs (user_id, content, metadata) VALUES ('u', 'c', $1) RETURNING id"
  return (await session.query(insert, [metadata])).rows[0].id
}

const START = `UPDATE jobs SET state = 'PROCESSING', version = version + 1, state_actor = 'w', state_metadata = $2 WHERE id = $1`
const RESULT = `INSERT INTO job_results (job_id, status, output) VALUES ($1, 'success', $2)
  ON CONFLICT (job_id) DO UPDATE SET output = EXCLUDED.output`

describe('JSON of more than 100 levels', () => {
  it.each([
    ['a scalar at level 101', objects(100, '1'), true],
    ['an empty array at level 101', objects(100, '[]'), true],
    ['a scalar at level 102', objects(101, '1'), false],
    ['an array in arrays at level 102', `{"a": ${'['.repeat(101)}${']'.repeat(101)}}`, false],
    ['the last of many members', `{"b": [1, {"c": [2, ${objects(97, '[3, {"d": 4}]')}]}]}`, false],
    ['thousands of levels', objects(5000, '1'), false],
  ])('is what the API refuses: %s', async (_, json, isAccepted) => {
    expect(jsonFault(JSON.parse(json)) === undefined).toBe(isAccepted)
    if (isAccepted) await newJob(json)
    else await expect(newJob(json)).rejects.toMatchObject(refusal('metadata', 'jobs'))
  })

  it('is refused in every column, by INSERT and by UPDATE', async () => {
    const deep = objects(101, '1')
    const id = await newJob()
    const insert = "INSERT INTO jobs (user_id, content, state_metadata) VALUES ('u', 'c', $1)"
    await expect(session.query(insert, [deep])).rejects.toMatchObject(refusal('state_metadata', 'jobs'))
    await expect(session.query(START, [id, deep])).rejects.toMatchObject(refusal('state_metadata', 'jobs'))
    await session.query(START, [id, '{}'])
    await expect(session.query(RESULT, [id, deep])).rejects.toMatchObject(refusal('output', 'job_results'))
    await session.query(RESULT, [id, '{}'])
    await expect(session.query(RESULT, [id, deep])).rejects.toMatchObject(refusal('output', 'job_results'))
  })

  it('from an older version does not block transitions', async () => {
    const deep = objects(5000, '1')
    await session.query('ALTER TABLE jobs DISABLE TRIGGER refuse_deep_metadata_insert')
    const id = await newJob(deep)
    await session.query('ALTER TABLE jobs ENABLE TRIGGER refuse_deep_metadata_insert')
    await session.query(START, [id, '{}'])
    await session.query('UPDATE jobs SET metadata = metadata, lease_expires_at = now() WHERE id = $1', [id])
    const { rows } = await session.query('SELECT state, metadata::text AS text FROM jobs WHERE id = $1', [id])
    expect(rows).toEqual([{ state: 'PROCESSING', text: deep.replaceAll('":', '": ') }])
  })
})
