// Dumps restored under running servers, and under servers that start meanwhile.
import { afterEach, describe, expect, it } from 'vitest'
import { openEventStream } from '../support/eventStream.ts'
import { eventually } from '../support/eventually.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { type StockPostgres, startStockPostgres, withoutStockPostgres } from '../support/stockPostgres.ts'
import { onServer } from '../support/testRun.ts'
import {
  CREATE,
  createJobs,
  cursorOfNow,
  dump,
  expectAllPublished,
  expectExactCounts,
  readiness,
  restore,
  startFollowedServer,
  startLedgerPostgres,
} from './ledgerCopy.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await endPrograms()
  for (const end of endings.splice(0).reverse()) await end()
})

async function begin<T extends StockPostgres>(starting: Promise<T>): Promise<T> {
  const postgres = await starting
  endings.push(() => postgres.destroy())
  return postgres
}

async function serve(url: string) {
  const server = await startFollowedServer(url)
  endings.push(() => server.close())
  return server
}

/** Advances the transaction counter of a server. */
const count = ({ url }: StockPostgres, transactions: number) =>
  onServer(url, (client) =>
    client.query(`DO $$ BEGIN FOR n IN 1..${transactions} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`),
  )

describe.skipIf(withoutStockPostgres('restores of real dumps'))('a restore behind a running server', () => {
  it.each([
    ['has counted less', 0],
    ['has counted more', 20_000],
  ])('loses nothing unnoticed where the new server %s', { timeout: 180_000 }, async (_, ahead) => {
    const old = await begin(startLedgerPostgres())
    await count(old, 2000)
    const server = await serve(old.url)
    await createJobs(server, 20)
    await expectExactCounts(server)
    const dumped = await dump(old)
    const stream = await openEventStream(server)
    await createJobs(server, 30)
    const lost = (await stream.heard(30)).at(-1)?.cursor as string
    await expectAllPublished(server)
    await old.stop()
    const fresh = await begin(startStockPostgres({ port: old.port }))
    await count(fresh, ahead)
    await eventually(async () => expect((await readiness(server)).status).toBe(503), 20_000)

    await restore(fresh, dumped, '--section=pre-data', '--section=data')
    await eventually(
      async () => expect((await readiness(server)).reason).toMatch(/^The database is incomplete/),
      20_000,
    )
    const refused = await server.request(CREATE)
    expect(refused).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] })
    await restore(fresh, dumped, '--section=post-data')
    await eventually(async () => expect((await readiness(server)).status).toBe(200), 20_000)

    await createJobs(server, 10)
    await stream.ended
    expect(stream.errors).toMatchObject([{ extensions: { code: 'TIMELINE_ENDED' } }])
    expect(stream.events).toHaveLength(30)
    for (const more of [0, 60]) {
      await createJobs(server, more)
      const again = await openEventStream(server, { after: lost })
      await again.ended
      expect(again.errors).toMatchObject([
        { message: expect.stringMatching(/^after: belongs to a timeline that has ended/) },
      ])
    }
    const now = await openEventStream(server, { after: await cursorOfNow(server) })
    const [id] = await createJobs(server, 1)
    await eventually(() => expect(now.events.map(({ record }) => record.job.jobId)).toContain(id))
    await now.close()
    await expectAllPublished(server)
    await expectExactCounts(server)
  })

  it('accepts a cursor up to which nothing was lost', { timeout: 120_000 }, async () => {
    const old = await begin(startLedgerPostgres())
    const server = await serve(old.url)
    const stream = await openEventStream(server)
    const made = await createJobs(server, 5)
    const [first] = await stream.heard(5)
    await expectAllPublished(server)
    await expectExactCounts(server)
    const dumped = await dump(old)
    await old.stop()
    const fresh = await begin(startStockPostgres({ port: old.port }))
    await restore(fresh, dumped, '--single-transaction')
    await eventually(async () => expect((await readiness(server)).status).toBe(200), 20_000)
    const after = await openEventStream(server, { after: first?.cursor as string })
    made.push(...(await createJobs(server, 1)))
    expect((await after.heard(5)).map(({ record }) => record.job.jobId)).toEqual(made.slice(1))
    await after.close()
  })

  it('works while an orchestrator restarts a server repeatedly', { timeout: 120_000 }, async () => {
    const old = await begin(startLedgerPostgres())
    await count(old, 2000)
    const first = await serve(old.url)
    await createJobs(first, 20)
    await expectExactCounts(first)
    const dumped = await dump(old)
    const fresh = await begin(startStockPostgres())
    const environment = { DATABASE_URL: fresh.url, PORT: '0', AUTH: 'open', MAINTENANCE_INTERVAL_SECONDS: '1' }
    await restore(fresh, dumped, '--section=pre-data', '--section=data')
    const early = runProgram('src/main.ts', environment)
    expect(await early.ended).toEqual({ code: 1, signal: null })
    expect(early.stderr()).toBe(
      'The database is incomplete: a restore is in progress, or triggers are missing. Start again when it is complete.\n',
    )
    await restore(fresh, dumped, '--section=post-data')
    const late = runProgram('src/main.ts', environment)
    const [, url = ''] = await late.says(/listens on (http:\/\/\S+)\/graphql/)
    const post = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: CREATE }),
    }
    const created = await fetch(`${url}/graphql`, post)
    expect(await created.json()).toMatchObject({ data: { createJob: { job: { jobId: expect.any(String) } } } })
    late.process.kill('SIGTERM')
    await late.ended
    await expectExactCounts(await serve(fresh.url))
  })
})

describe.skipIf(withoutStockPostgres('restores of the data alone'))(
  'a restore of the data alone into a migrated schema',
  () => {
    it.each([
      ['less', 0],
      ['more', 20_000],
    ])('makes no number wrong on a server that has counted %s', { timeout: 120_000 }, async (_, ahead) => {
      const old = await begin(startLedgerPostgres())
      const first = await serve(old.url)
      await createJobs(first, 20)
      await expectExactCounts(first)
      const dumped = await dump(old)
      const fresh = await begin(startLedgerPostgres())
      await count(fresh, ahead)
      // The tables that a migration fills already have rows. pg_restore reports them and continues.
      await restore(fresh, dumped, '--data-only', '--disable-triggers').catch(() => undefined)
      const server = await serve(fresh.url)
      await expectExactCounts(server)
      await createJobs(server, 3)
      await expectExactCounts(server)
      expect(await server.ledger.prisma.job.count()).toBe(23)
    })
  },
)
