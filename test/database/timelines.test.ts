// A moved database starts a new timeline, whichever client writes to it first.
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { realignTransactionIds, TimelineCheck } from '../../src/database/transactionOrder.ts'
import { createConsumer } from '../../src/ledger/consumers.ts'
import { cursorOf } from '../../src/ledger/eventOrder.ts'
import { headPosition, positionOfCursor } from '../../src/ledger/events.ts'
import { newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { databaseUrl, onServer } from '../support/testRun.ts'

let ledger: TestLedger
let session: pg.Client

beforeEach(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
  await newJob(ledger)
})
afterEach(() => ledger.close())

/** As after a restore: the recorded location of the ledger is not its location. */
const restoreElsewhere = () => session.query("UPDATE jobledger.ledger_timelines SET location = 'elsewhere'")

async function timelines(client = session): Promise<{ epoch: number; begins_at: number }[]> {
  const { rows } = await client.query(
    'SELECT epoch::double precision, begins_at::double precision FROM jobledger.ledger_timelines ORDER BY epoch',
  )
  return rows
}

async function lastNumber(client = session): Promise<number> {
  const { rows } = await client.query('SELECT max(transaction_id)::double precision AS number FROM job_states')
  return rows[0].number
}

const INSERT = "INSERT INTO jobs (user_id, content) VALUES ('user', 'content')"

describe('a new timeline starts once', () => {
  it('before the first record of racing writers, with SQL alone', async () => {
    const before = await lastNumber()
    await restoreElsewhere()
    const writers = await Promise.all(Array.from({ length: 8 }, () => ledger.session()))
    await Promise.all(writers.map((writer) => writer.query(INSERT)))
    const [, second, ...others] = await timelines()
    expect(others).toEqual([])
    expect(second?.begins_at).toBeGreaterThan(before + 1e12)
    const { rows } = await session.query(
      'SELECT count(*)::integer AS count FROM job_states WHERE transaction_id >= $1',
      [second?.begins_at],
    )
    expect(rows[0].count).toBe(8)
  })

  it('for a role that can neither delete nor alter timelines', async () => {
    const role = `jobledger_writer_${process.pid}`
    await session.query(`CREATE ROLE ${role} LOGIN;
      GRANT SELECT, INSERT, UPDATE ON jobs, job_states TO ${role}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role};
      GRANT USAGE ON SCHEMA jobledger TO ${role};
      GRANT SELECT ON jobledger.transaction_offsets, jobledger.ledger_timelines TO ${role}`)
    try {
      await restoreElsewhere()
      const writer = await ledger.session()
      await writer.query(`SET ROLE ${role}`)
      await writer.query(INSERT)
      expect(await timelines()).toHaveLength(2)
    } finally {
      await session.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })

  it('in a copy of the database, and not in the original', async () => {
    const { rows } = await session.query('SELECT current_database() AS name')
    const [name, copy] = [rows[0].name, `${rows[0].name}_copy`]
    expect(await realignTransactionIds(ledger.database.pool)).toBe(false)
    const server = databaseUrl(ledger.url, 'postgres')
    await onServer(server, async (client) => {
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
      await client.query(`CREATE DATABASE ${copy} TEMPLATE ${name}`)
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`)
    })
    await onServer(databaseUrl(ledger.url, copy), async (client) => {
      await client.query(INSERT)
      expect(await timelines(client)).toHaveLength(2)
    })
    await onServer(ledger.url, async (client) => {
      await client.query(INSERT)
      expect(await timelines(client)).toHaveLength(1)
    })
    await onServer(server, (client) => client.query(`DROP DATABASE ${copy} WITH (FORCE)`))
  })

  it('if the server is behind what this process has read, as after restoring a disk snapshot', async () => {
    let noticed = 0
    const check = new TimelineCheck(ledger.database.pool, () => {
      noticed += 1
    })
    await check.run()
    await check.run()
    expect(noticed).toBe(0)
    await session.query('UPDATE jobledger.transaction_offsets SET value = value - 1000000')
    await session.query('ALTER TABLE job_states DISABLE TRIGGER USER; UPDATE job_states SET transaction_id = 1')
    await check.run()
    await check.run()
    expect([noticed, (await timelines()).length]).toEqual([1, 2])
  })

  it('if a transaction with an older snapshot writes a job, which is refused as a conflict', async () => {
    const old = await ledger.session()
    await restoreElsewhere()
    await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM jobs')
    await (await ledger.session()).query(INSERT)
    await expect(old.query(INSERT)).rejects.toMatchObject({ code: '40001' })
  })
})

describe('a cursor', () => {
  it('is accepted on later timelines as long as nothing up to it can have been lost', async () => {
    await passedHorizon(ledger)
    const { transactionId: first, id } = await ledger.prisma.jobStateRecord.findFirstOrThrow()
    const now = await headPosition(ledger)
    const safe = cursorOf({ ...now, transactionId: first, id })
    const lost = cursorOf({ ...now, transactionId: first, id: id + 1n })
    await createConsumer(ledger, 'consumer', { ...now, transactionId: first, id })
    for (const _ of [1, 2]) {
      await restoreElsewhere()
      await realignTransactionIds(ledger.database.pool)
      await newJob(ledger)
      const { epoch } = await headPosition(ledger)
      expect(await positionOfCursor(ledger, 'after', safe)).toEqual({ epoch, transactionId: first, id })
      await expect(positionOfCursor(ledger, 'after', lost)).rejects.toThrow(
        /^after: belongs to a timeline that has ended/,
      )
    }
    await session.query("DELETE FROM jobledger.consumers WHERE name = 'consumer'")
    await restoreElsewhere()
    await realignTransactionIds(ledger.database.pool)
    await expect(positionOfCursor(ledger, 'after', safe)).rejects.toThrow(
      /^after: belongs to a timeline that has ended/,
    )
  })

  it('without a timeline belongs to the first timeline', async () => {
    await passedHorizon(ledger)
    const { transactionId, id } = await ledger.prisma.jobStateRecord.findFirstOrThrow()
    const parts = [1, 'events', 'asc', String(transactionId), String(id)]
    const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url')
    expect(await positionOfCursor(ledger, 'after', cursor)).toMatchObject({ transactionId, id })
    await restoreElsewhere()
    await realignTransactionIds(ledger.database.pool)
    await expect(positionOfCursor(ledger, 'after', cursor)).rejects.toThrow(
      /^after: belongs to a timeline that has ended/,
    )
  })
})
