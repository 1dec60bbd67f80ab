// Commits that wait for a synchronous standby that does not respond: their outcome is unknown, and
// clients are informed.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { migrate } from '../support/migrationSql.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type StockPostgres, startStockPostgres, withoutStockPostgres } from '../support/stockPostgres.ts'
import { databaseUrl, onServer, PRISTINE } from '../support/testRun.ts'

vi.setConfig({ hookTimeout: 180_000, testTimeout: 120_000 })

const CREATE = `mutation ($key: String) { createJob(input: { userId: "u", content: "c", idempotencyKey: $key }) {
  ... on CreateJobSuccess { created job { id jobId } } } }`
const TWO = `mutation ($key: String) { one: createJob(input: { userId: "u", content: "c", idempotencyKey: $key }) { __typename }
  two: transitionJob(input: { jobId: "garbage", to: PROCESSING }) { __typename } }`
const START = `mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: PROCESSING, expectedVersion: 1 }) {
  __typename ... on VersionConflict { actualVersion } } }`
const DELETE =
  'mutation ($id: ID!) { deleteJob(input: { jobId: $id }) { __typename ... on DeleteJobSuccess { deleted } } }'
const UNKNOWN = {
  status: 503,
  errors: [{ extensions: { code: 'OUTCOME_UNKNOWN' }, message: expect.stringContaining('`idempotencyKey`') }],
}

describe.skipIf(withoutStockPostgres('commits that a synchronous standby does not confirm'))(
  'without its standby',
  () => {
    let primary: StockPostgres
    let standby: StockPostgres
    let server: TestServer

    beforeAll(async () => {
      primary = await startStockPostgres({ wal_level: 'replica', lc_messages: 'C' })
      await onServer(primary.url, (client) => client.query(`CREATE DATABASE ledger ${PRISTINE}`))
      await migrate(databaseUrl(primary.url, 'ledger'))
      standby = await primary.addStandby('standby')
      await onServer(primary.url, (client) => client.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'"))
      await onServer(primary.url, (client) => client.query('SELECT pg_reload_conf()'))
      server = await serverOf(primary)
      await eventually(async () =>
        expect(await create('warm-up')).toMatchObject({ data: { createJob: { created: true } } }),
      )
      await standby.stop()
    })

    afterAll(async () => {
      await server?.close()
      await standby?.destroy()
      await primary?.destroy()
    })

    function serverOf(postgres: StockPostgres): Promise<TestServer> {
      const environment = { REQUEST_TIMEOUT_MS: '1500' }
      return startTestServer({ databaseUrl: databaseUrl(postgres.url, 'ledger'), environment })
    }

    const create = (key: string | null, to = server) => to.request(CREATE, { key })

    it('answers that the outcome is unknown at the deadline, also for the same key again', async () => {
      expect(await create('a')).toMatchObject(UNKNOWN)
      expect(await create('a')).toMatchObject(UNKNOWN)
      expect(await server.request('{ jobCount(filter: { userId: "u" }) }')).toMatchObject({ data: { jobCount: 2 } })
    })

    it('answers each mutation of a document for itself', async () => {
      const { data, errors } = await server.request(TWO, { key: 'b' })
      expect(errors).toMatchObject([{ path: ['one'], extensions: { code: 'OUTCOME_UNKNOWN' } }])
      expect(data).toMatchObject({ one: null, two: { __typename: 'InvalidInput' } })
    })

    it('answers that the outcome is unknown when an administrator ends the session that waits', async () => {
      const answer = create('c')
      await onServer(primary.url, (client) =>
        eventually(async () => {
          const { rowCount } = await client.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = 'ledger'",
          )
          expect(rowCount).toBe(1)
        }),
      )
      expect(await answer).toMatchObject(UNKNOWN)
    })

    it.each([
      ['refuses a transition', START, { transitionJob: { __typename: 'VersionConflict', actualVersion: 2 } }],
      ['answers that a job was deleted before', DELETE, { deleteJob: { deleted: false } }],
    ])('%s only when what it answers is confirmed', async (_, mutation, answer) => {
      await standby.start()
      let id: string | undefined
      await eventually(async () => {
        id = (await create(null)).data.createJob?.job.jobId
        expect(id).toBeDefined()
      })
      await standby.stop()
      expect(await server.request(mutation, { id })).toMatchObject(UNKNOWN)
      expect(await server.request(mutation, { id })).toMatchObject(UNKNOWN)
      await standby.start()
      await eventually(async () => expect((await server.request(mutation, { id })).data).toMatchObject(answer))
      await standby.stop()
    })

    it('has one job for the key when the standby is back, and after its promotion', async () => {
      await create('d')
      await standby.start()
      await eventually(async () => expect(await create('d')).toMatchObject({ data: { createJob: { created: false } } }))
      const { data } = await create('d')
      await primary.crash()
      await standby.promote()
      const promoted = await serverOf(standby)
      try {
        expect((await create('d', promoted)).data).toEqual(data)
        expect((await create('e', promoted)).data).toMatchObject({ createJob: { created: true } })
      } finally {
        await promoted.close()
      }
    })
  },
)
