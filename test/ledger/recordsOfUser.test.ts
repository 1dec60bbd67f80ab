// The records of one user's jobs are found in three ways, depending on the number of jobs and the
// position of the page. All give the result of a plain join.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listJobStateRecords } from '../../src/ledger/jobHistory.ts'
import type { PageRequest } from '../../src/ledger/page.ts'
import type { JobStateRecordFilter } from '../../src/ledger/recordFilter.ts'
import { openTestLedger, type TestLedger } from '../support/factories.ts'

/** More than the limit up to which all jobs of a user are read. */
const MANY_JOBS = 2100
const FEW_JOBS = 30

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
  // Random transitions, so that some of the oldest jobs have the newest records.
  const move = `UPDATE jobs SET state = 'PROCESSING', version = version + 1, state_actor = 'mover' WHERE state = 'PENDING' AND random() < 0.2`
  const end = `UPDATE jobs SET state = 'FAILED', version = version + 1, state_actor = 'ender' WHERE state = 'PROCESSING' AND random() < 0.3`
  for (let round = 0; round < 3; round++) {
    for (const [user, jobs] of Object.entries({ many: MANY_JOBS, few: FEW_JOBS, other: 200 }))
      await session.query(
        `INSERT INTO jobs (user_id, content, state_actor) SELECT $1, 'x', 'maker' FROM generate_series(1, $2)`,
        [user, Math.ceil(jobs / 3)],
      )
    await session.query(move)
    await session.query(end)
  }
  // Extending a lease changes a job without a record.
  await session.query(
    `UPDATE jobs SET lease_expires_at = now() + interval '1 hour' WHERE state = 'PROCESSING' AND random() < 0.5`,
  )
  await session.query('ANALYZE')
}, 60_000)

afterAll(() => ledger.close())

async function expected(userId: string, { actor }: JobStateRecordFilter): Promise<string[]> {
  const { rows } = await session.query<{ id: string }>(
    `SELECT record.id::text FROM job_states AS record JOIN jobs ON jobs.id = record.job_id
     WHERE user_id = $1 AND ($2::text IS NULL OR record.actor = $2) ORDER BY record.timestamp DESC, record.id DESC`,
    [userId, actor ?? null],
  )
  return rows.map(({ id }) => id)
}

describe.each(['many', 'few', 'none'])('the records of the user %s', (userId) => {
  it.each([{}, { actor: 'ender' }, { actor: 'unknown' }])(
    'returns the matching records with the filter %j, page by page, from either end',
    async (filter) => {
      const all = await expected(userId, filter)
      const page = async (request: PageRequest) =>
        listJobStateRecords(ledger, { ...request, filter: { ...filter, userId } })
      const idsOf = async (request: PageRequest) => (await page(request)).rows.map(({ id }) => String(id))
      for (const first of [1, 20, 100]) expect(await idsOf({ first })).toEqual(all.slice(0, first))
      expect(await idsOf({ last: 20 })).toEqual(all.slice(-20))
      const seen: string[] = []
      for (let after: string | undefined; ; ) {
        const { rows, cursorOf, hasNextPage } = await page({ first: 100, ...(after && { after }) })
        seen.push(...rows.map(({ id }) => String(id)))
        const last = rows.at(-1)
        if (last === undefined || !(await hasNextPage()) || seen.length > 2000) break
        after = cursorOf(last)
        const before = seen.length > 100 ? all.slice(seen.length - 101, seen.length - 1) : undefined
        if (before) expect(await idsOf({ last: 100, before: after })).toEqual(before)
      }
      expect(seen).toEqual(all.slice(0, Math.max(seen.length, Math.min(all.length, 2000))))
    },
  )
})

it('a user restricted to its own jobs sees only their records', async () => {
  const request = { filter: { ownerId: 'few', userId: 'many' } }
  expect((await listJobStateRecords(ledger, request)).rows).toEqual([])
})
