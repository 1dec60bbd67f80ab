// The history is append-only, and only the database writes it: attacks on job_states with plain
// SQL.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefusal } from '../support/attack.ts'
import { deletedJob, jobIn, MISSING_ID, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { allRows, expectSoundHistories, historyOf } from '../support/history.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(async () => {
  await expectSoundHistories(session)
  await ledger.close()
})

const ONLY_THE_DATABASE = {
  code: 'JL003',
  message: 'Only the database writes records, one for each change of the state of a job.',
}
const appendOnly = (operation: string) => ({
  code: 'JL003',
  message: `The history is append-only: ${operation} of job_states is refused.`,
})

const COLUMNS = {
  id: 'id + 1000000',
  job_id: `'${MISSING_ID}'`,
  sequence: 'sequence + 1',
  previous_state: "'FAILED'",
  new_state: "'FAILED'",
  reason: "'another'",
  state_metadata: `'{"another": true}'`,
  actor: "'another'",
  timestamp: 'now()',
  previous_state_duration_ms: '0',
  transaction_id: '1',
  database_role: "'another'",
  previous_run_at: 'now()',
  run_at: 'now()',
  salt: 'gen_random_uuid()',
}

/** A forged record that continues the history of a job, or repeats a part of it. */
function forged(jobId: string, { sequence = 2, state = 'COMPLETED', table = 'job_states' } = {}): string {
  return `INSERT INTO ${table} (job_id, sequence, previous_state, new_state, actor, timestamp, previous_state_duration_ms, transaction_id)
    VALUES ('${jobId}', ${sequence}, 'PENDING', '${state}', 'forger', now(), 0, 0)`
}

describe('a record', () => {
  it.each(Object.entries(COLUMNS))('keeps its %s', async (column, value) => {
    const { id } = await jobIn(ledger, 'COMPLETED')
    await expectRefusal(
      session,
      `UPDATE job_states SET "${column}" = ${value} WHERE job_id = '${id}'`,
      appendOnly('UPDATE'),
    )
  })

  it('is not even rewritten with its own values', async () => {
    const { id } = await newJob(ledger)
    await expectRefusal(session, `UPDATE job_states SET actor = actor WHERE job_id = '${id}'`, appendOnly('UPDATE'))
  })

  it('is not deleted, whether its job is deleted or not, even with the setting of the purge', async () => {
    const living = await jobIn(ledger, 'FAILED')
    const deleted = await deletedJob(ledger)
    for (const { id } of [living, deleted]) {
      const sql = `DELETE FROM job_states WHERE job_id = '${id}'`
      await expectRefusal(session, sql, appendOnly('DELETE'))
      await expectRefusal(session, `BEGIN; SET LOCAL jobledger.purge = 'on'; ${sql}; COMMIT`, appendOnly('DELETE'))
    }
  })

  it('is not truncated, alone or with its jobs', async () => {
    await expectRefusal(session, 'TRUNCATE job_states', appendOnly('TRUNCATE'))
    await expectRefusal(session, 'TRUNCATE jobs CASCADE', { code: 'JL005', message: 'Jobs cannot be truncated' })
    await expectRefusal(session, 'TRUNCATE job_states, job_results RESTART IDENTITY', appendOnly('TRUNCATE'))
  })
})

describe('a forged record', () => {
  it('is refused if it continues a history', async () => {
    const { id } = await newJob(ledger)
    await expectRefusal(session, forged(id), ONLY_THE_DATABASE)
  })

  it('is refused if it repeats the state of the job', async () => {
    const { id } = await newJob(ledger)
    await expectRefusal(session, forged(id, { sequence: 1, state: 'PENDING' }), ONLY_THE_DATABASE)
  })

  it('is refused if its job does not exist', async () => {
    await expectRefusal(session, forged(MISSING_ID), ONLY_THE_DATABASE)
  })

  it('is refused as an upsert', async () => {
    const job = await jobIn(ledger, 'PROCESSING')
    await expectRefusal(
      session,
      `${forged(job.id, { state: 'PROCESSING' })} ON CONFLICT (job_id, sequence) DO UPDATE SET actor = 'forger'`,
      ONLY_THE_DATABASE,
    )
  })

  describe('from a user-defined trigger, nested as deeply as ours', () => {
    const smuggle = (record: string) => `CREATE TEMP TABLE smuggler (n int);
      CREATE FUNCTION pg_temp.smuggle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${record}; RETURN NEW; END $$;
      CREATE TRIGGER smuggle BEFORE INSERT ON smuggler FOR EACH ROW EXECUTE FUNCTION pg_temp.smuggle();
      INSERT INTO smuggler VALUES (1);`

    it('is refused if it differs from the job', async () => {
      const { id } = await newJob(ledger)
      await expectRefusal(session, smuggle(forged(id)), ONLY_THE_DATABASE)
    })

    it('is refused if it equals the job, because of the existing record', async () => {
      const { id } = await newJob(ledger)
      const record = `INSERT INTO job_states (job_id, sequence, new_state, actor, timestamp, transaction_id)
        VALUES ('${id}', 1, 'PENDING', 'forger', now(), 0)`
      await expectRefusal(session, smuggle(record), { code: '23505', constraint: 'ix_job_states_job_id' })
      const upsert = `${record} ON CONFLICT (job_id, sequence) DO UPDATE SET actor = 'forger'`
      await expectRefusal(session, smuggle(upsert), appendOnly('UPDATE'))
    })

    it('is refused if it precedes the true record, by a trigger on jobs', async () => {
      const { id } = await newJob(ledger)
      await expectRefusal(
        session,
        `BEGIN;
        CREATE FUNCTION pg_temp.precede() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          ${forged(id, { state: 'PROCESSING' })}; RETURN NULL; END $$;
        CREATE TRIGGER a_first AFTER UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION pg_temp.precede();
        UPDATE jobs SET state = 'PROCESSING' WHERE id = '${id}'; COMMIT`,
        { code: '23505', constraint: 'ix_job_states_job_id' },
      )
    })
  })
})

describe('tables and functions that shadow ours', () => {
  it('do not receive the record: a temporary job_states', async () => {
    const { id } = await newJob(ledger)
    const own = await ledger.session()
    await own.query('CREATE TEMP TABLE job_states (LIKE public.job_states)')
    await own.query('CREATE TEMP TABLE jobs (LIKE public.jobs)')
    await own.query(`UPDATE public.jobs SET state = 'PROCESSING' WHERE id = '${id}'`)
    expect((await own.query('SELECT FROM pg_temp.job_states')).rowCount).toBe(0)
    expect(await historyOf(session, id)).toMatchObject([{ new_state: 'PENDING' }, { new_state: 'PROCESSING' }])
    // The temporary table does not make a forged record valid either.
    await own.query(
      `INSERT INTO pg_temp.jobs SELECT * FROM public.jobs; UPDATE pg_temp.jobs SET version = 3, state = 'COMPLETED'`,
    )
    await expectRefusal(own, forged(id, { sequence: 3, table: 'public.job_states' }), ONLY_THE_DATABASE)
  })

  it('do not allow illegal transitions: a schema before public in the search path, and objects in public', async () => {
    const { id } = await jobIn(ledger, 'COMPLETED')
    const own = await ledger.session()
    await own.query(`CREATE SCHEMA impostor; CREATE TABLE impostor.job_states (LIKE public.job_states);
      SET search_path = impostor, public`)
    for (const schema of ['impostor', 'public']) {
      await own.query(`CREATE TABLE ${schema}.transaction_offsets (value bigint);
        CREATE FUNCTION ${schema}.is_legal_transition(public.job_state, public.job_state, boolean) RETURNS boolean
          LANGUAGE sql AS 'SELECT true';
        CREATE FUNCTION ${schema}.current_instant() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'epoch'::timestamptz $$`)
    }
    await expectRefusal(own, `UPDATE jobs SET state = 'PENDING' WHERE id = '${id}'`, {
      code: 'JL001',
      message: `Job ${id} cannot go from COMPLETED to PENDING.`,
    })
    const pending = await newJob(ledger)
    await own.query(`UPDATE jobs SET state = 'CANCELLED' WHERE id = '${pending.id}'`)
    expect((await own.query('SELECT FROM impostor.job_states')).rowCount).toBe(0)
    const [first, second] = await historyOf(session, pending.id)
    expect(second?.timestamp.getTime()).toBeGreaterThanOrEqual((first as { timestamp: Date }).timestamp.getTime())
    await own.query(`DROP SCHEMA impostor CASCADE; DROP TABLE public.transaction_offsets;
      DROP FUNCTION public.is_legal_transition, public.current_instant`)
  })
})

describe('a transaction', () => {
  it('that fails after the transition leaves neither the state nor a record', async () => {
    const { id } = await newJob(ledger)
    await expectRefusal(
      session,
      `BEGIN; UPDATE jobs SET state = 'PROCESSING' WHERE id = '${id}'; SELECT 1 / 0; COMMIT`,
      {
        code: '22012',
      },
    )
  })

  it('that is rolled back, wholly or to a savepoint, leaves none either', async () => {
    const { id } = await newJob(ledger)
    const before = await allRows(session)
    await session.query(`BEGIN; UPDATE jobs SET state = 'PROCESSING' WHERE id = '${id}'; ROLLBACK`)
    await session.query(
      `BEGIN; SAVEPOINT s; UPDATE jobs SET state = 'PROCESSING' WHERE id = '${id}'; ROLLBACK TO SAVEPOINT s; COMMIT`,
    )
    expect(await allRows(session)).toEqual(before)
  })

  it('that commits leaves one record for each of its transitions, with its transaction id', async () => {
    const { id } = await newJob(ledger)
    const own = await ledger.session()
    await own.query('BEGIN')
    const { rows } = await own.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid')
    for (const state of ['PROCESSING', 'FAILED', 'PENDING']) {
      await own.query('UPDATE jobs SET state = $1 WHERE id = $2', [state, id])
    }
    await own.query('COMMIT')
    const history = await historyOf(session, id)
    expect(history.map(({ new_state }) => new_state)).toEqual(['PENDING', 'PROCESSING', 'FAILED', 'PENDING'])
    expect(history.slice(1).map(({ transaction_id }) => transaction_id)).toEqual(Array(3).fill(rows[0]?.xid))
  })
})
