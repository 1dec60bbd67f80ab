// Who may name the actor of a change: the roles in jobledger.api_roles. The history has every other
// role itself as the actor, whatever it claims. Each record has the role that wrote it.
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { grantStatements } from '../../src/database/grants.ts'
import { jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { historyOf } from '../support/history.ts'

const suffix = randomBytes(5).toString('hex')
const [API, MEMBER, EDITOR] = [`jl_api_${suffix}`, `jl_member_${suffix}`, `jl_editor_${suffix}`]
const ROLES = [API, MEMBER, EDITOR]

let ledger: TestLedger
let owner: pg.Client
const sessions: Record<string, pg.Client> = {}
const as = (role: string) => sessions[role] as pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  owner = await ledger.session()
  for (const role of ROLES) await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`)
  // The rights of a server, without its name.
  await owner.query(grantStatements({ api: EDITOR }))
  await owner.query('DELETE FROM jobledger.api_roles WHERE name = $1', [EDITOR])
  await owner.query(grantStatements({ api: API }))
  await owner.query(`GRANT ${API} TO ${MEMBER}`)
  for (const role of ROLES) {
    const url = new URL(ledger.url)
    url.username = role
    url.password = 'secret'
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    sessions[role] = client
  }
})

afterAll(async () => {
  for (const client of Object.values(sessions)) await client.end()
  for (const role of ROLES) await owner.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  await ledger.close()
})

const START = `UPDATE jobs SET state = 'PROCESSING', version = version + 1, state_actor = 'user:ada', state_reason = 'why'
  WHERE id = $1`
const INSERT = "INSERT INTO jobs (user_id, content, state_actor) VALUES ('ada', 'c', 'user:ada') RETURNING id"
const RESULT = `INSERT INTO job_results AS kept (job_id, status, actor) VALUES ($1, $2, 'user:ada')
  ON CONFLICT (job_id) DO UPDATE SET status = excluded.status, revision = kept.revision + 1, actor = excluded.actor`
const BATCH = 'SELECT FROM jobledger.transition_jobs($2::json, $1)'

async function actors(jobId: string) {
  return (await historyOf(owner, jobId)).map(({ actor, database_role: role, reason }) => ({ actor, role, reason }))
}

/** What each way to change a job leaves in its history, for a session of `role`. */
async function changesBy(role: string) {
  const client = as(role)
  const created = (await client.query(INSERT)).rows[0].id
  await client.query(START, [created])
  const failing = (await newJob(ledger, { maxAttempts: 2 })).id
  await client.query(START, [failing])
  const items = [{ jobId: failing, to: 'FAILED', reason: 'broken' }]
  await client.query(BATCH, ['user:ada', JSON.stringify(items)])
  for (const status of ['success', 'error']) await client.query(RESULT, [created, status])
  await client.query(`UPDATE jobs SET cancel_requested_at = now(), cancel_requested_by = 'user:ada' WHERE id = $1`, [
    created,
  ])
  const results = await owner.query('SELECT actor, database_role AS role FROM job_result_records WHERE job_id = $1', [
    created,
  ])
  const job = await ledger.prisma.job.findUniqueOrThrow({ where: { id: created }, include: { result: true } })
  return {
    created: await actors(created),
    failing: (await actors(failing)).slice(1),
    results: results.rows,
    others: [job.stateActor, job.cancelRequestedBy, job.result?.actor, job.result?.databaseRole],
  }
}

describe('a role of the API', () => {
  it.each([
    ['that is named', API],
    ['that is a member of a named one', MEMBER],
  ])('%s names the actor, and each record has the role', async (_, role) => {
    expect(await changesBy(role)).toEqual({
      created: [
        { actor: 'user:ada', role, reason: null },
        { actor: 'user:ada', role, reason: 'why' },
      ],
      failing: [
        { actor: 'user:ada', role, reason: 'why' },
        { actor: 'user:ada', role, reason: 'broken' },
        { actor: 'system:retry', role, reason: 'attempt 1 of 2 failed' },
      ],
      results: [
        { actor: 'user:ada', role },
        { actor: 'user:ada', role },
      ],
      others: ['user:ada', 'user:ada', 'user:ada', role],
    })
  })
})

describe('another role', () => {
  it('is itself the actor of its changes, also if it speaks the protocol of the API', async () => {
    const [actor, role] = [`db:${EDITOR}`, EDITOR]
    expect(await changesBy(EDITOR)).toEqual({
      created: [
        { actor, role, reason: 'direct insert' },
        { actor, role, reason: 'why' },
      ],
      failing: [
        { actor, role, reason: 'why' },
        { actor, role, reason: 'broken' },
        { actor: 'system:retry', role, reason: 'attempt 1 of 2 failed' },
      ],
      results: [
        { actor, role },
        { actor, role },
      ],
      others: [actor, actor, actor, role],
    })
  })

  it('cannot hide behind SET ROLE', async () => {
    const { id } = await newJob(ledger)
    await as(MEMBER).query(`SET ROLE ${API}`)
    await as(MEMBER).query(START, [id])
    await as(MEMBER).query('RESET ROLE')
    expect((await actors(id)).at(-1)).toMatchObject({ actor: 'user:ada', role: MEMBER })
  })

  it.each([API, MEMBER, EDITOR])('cannot name itself or another (%s)', async (role) => {
    for (const sql of [
      `INSERT INTO jobledger.api_roles VALUES ('${EDITOR}')`,
      `UPDATE jobledger.api_roles SET name = '${EDITOR}'`,
      'DELETE FROM jobledger.api_roles',
      'TRUNCATE jobledger.api_roles',
    ])
      await expect(as(role).query(sql)).rejects.toMatchObject({ code: '42501' })
  })

  it('that is a superuser must be named, although it is a member of every role', async () => {
    const superuser = (await owner.query('SELECT session_user AS name')).rows[0].name
    const { id } = await jobIn(ledger, 'PROCESSING')
    const complete =
      "UPDATE jobs SET state = 'COMPLETED', version = version + 1, state_actor = 'user:ada' WHERE id = $1"
    await owner.query('BEGIN')
    await owner.query('DELETE FROM jobledger.api_roles WHERE name = session_user')
    await owner.query(complete, [id])
    expect((await actors(id)).at(-1)).toMatchObject({ actor: `db:${superuser}`, role: superuser })
    await owner.query('ROLLBACK')
    await owner.query(complete, [id])
    expect((await actors(id)).at(-1)).toMatchObject({ actor: 'user:ada', role: superuser })
  })
})
