// The seed: sample jobs with consistent histories, and guards that are enabled again.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { randomFrom } from '../../src/commands/seed/random.ts'
import { sampleJobs } from '../../src/commands/seed/sampleJobs.ts'
import { writeJobs } from '../../src/commands/seed/writeJobs.ts'
import { findHistoryFaults } from '../../src/database/historyFaults.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { expectSoundHistories } from '../support/history.ts'
import { run } from '../support/prismaCli.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const NOW = Date.now()

let database: TestDatabase
let client: pg.Client

beforeEach(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})

afterEach(async () => {
  await client.end()
  await database.drop()
})

async function write(jobs = sampleJobs(NOW, randomFrom(7))): Promise<void> {
  await writeJobs(client, jobs, randomFrom(7))
}

describe('npm run seed', () => {
  it('continues the transaction numbers of a ledger that was restored from another server', async () => {
    await client.query(`UPDATE jobledger.transaction_offsets SET value = 1000000;
      INSERT INTO jobs (user_id, content) VALUES ('ada', 'c')`)
    await write()
    const { rows } = await client.query('SELECT transaction_id, job_id FROM job_states ORDER BY id')
    const [first, ...seeded] = rows.map(({ transaction_id }) => Number(transaction_id))
    expect(Math.min(...seeded)).toBeGreaterThan(first as number)
  })

  it('fills an empty database, and adds to others only with --add', async () => {
    const seed = (...options: string[]) => run(['dist/cli.js', 'seed', ...options], database.url)
    expect(await seed()).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^Created 200 jobs with \d+ records in the database/),
    })
    expect(await seed()).toMatchObject({
      code: 1,
      said: expect.stringMatching(/There are already jobs in .*\. To add sample jobs, run: jobledger seed --add\n$/),
    })
    expect(await seed('--add', '--random', '2')).toMatchObject({ code: 0 })
    expect((await client.query('SELECT count(*)::int AS n FROM jobs')).rows).toEqual([{ n: 400 }])
  })
})

describe('the seeded jobs', () => {
  it('cover every state and the last month with consistent histories', async () => {
    await write()
    const { rows } = await client.query(
      `SELECT state, count(*)::int AS n, min(created_at) > now() - interval '31 days' AS recent, max(updated_at) <= now() AS past
       FROM jobs GROUP BY state ORDER BY state`,
    )
    expect(rows.map(({ state }) => state)).toEqual(['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'])
    expect(rows.every(({ recent, past }) => recent && past)).toBe(true)
    await expectSoundHistories(client)
    expect(await findHistoryFaults(client)).toEqual([])
    const order = await client.query('SELECT id FROM job_states ORDER BY "timestamp", id')
    expect(order.rows).toEqual([...order.rows].sort((a, b) => Number(a.id) - Number(b.id)))
  })

  it('are the same for the same random seed only', () => {
    expect(sampleJobs(NOW, randomFrom(1))).toEqual(sampleJobs(NOW, randomFrom(1)))
    expect(sampleJobs(NOW, randomFrom(1))).not.toEqual(sampleJobs(NOW, randomFrom(2)))
  })

  it('leave the guards enabled', async () => {
    await write()
    await expect(client.query("UPDATE jobs SET state = 'PENDING' WHERE state = 'COMPLETED'")).rejects.toMatchObject({
      code: 'JL001',
    })
    await expect(client.query('DELETE FROM job_states')).rejects.toMatchObject({ code: 'JL003' })
  })

  it('are not written if any history is inconsistent', async () => {
    const jobs = sampleJobs(NOW, randomFrom(7))
    // Not a deleted job: table constraints refuse a change to it before the histories are checked.
    const job = jobs.find(({ deleted }) => !deleted)
    job?.records.push(
      { state: 'PROCESSING', at: NOW, actor: 'x', reason: null },
      { state: 'PROCESSING', at: NOW, actor: 'x', reason: null },
    )
    await expect(write(jobs)).rejects.toThrow(/is inconsistent at/)
    expect((await client.query('SELECT count(*)::int AS n FROM jobs')).rows).toEqual([{ n: 0 }])
    await expect(
      client.query("INSERT INTO jobs (user_id, content, state) VALUES ('u', 'c', 'FAILED')"),
    ).rejects.toMatchObject({ code: 'JL006' })
  })
})

describe('findHistoryFaults', () => {
  it.each([
    ['a missing record', 'DELETE FROM job_states WHERE sequence = 2', 'a record is missing before this one'],
    [
      'an illegal transition',
      "UPDATE job_states SET new_state = 'FAILED' WHERE sequence = 2 AND previous_state = 'PENDING'",
      'the transition is not legal',
    ],
    [
      'a wrong duration',
      'UPDATE job_states SET previous_state_duration_ms = 1 + previous_state_duration_ms WHERE sequence = 3',
      'its duration is not the time since the record before it',
    ],
    [
      'another beginning',
      "UPDATE job_states SET previous_state = 'FAILED' WHERE sequence = 3",
      'its previous state is not the new state of the record before it',
    ],
    ['another end', 'UPDATE jobs SET version = version + 1', 'the job differs from its last record'],
  ])('finds %s', async (_, damage, fault) => {
    await write()
    await client.query('BEGIN')
    for (const table of ['jobs', 'job_states']) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`)
    await client.query(damage)
    expect((await findHistoryFaults(client)).map((found) => found.fault)).toContain(fault)
    await client.query('ROLLBACK')
  })
})
