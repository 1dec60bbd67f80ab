// An asynchronous standby that lacks the last commits is promoted under a running server.
import { afterEach, describe, expect, it } from 'vitest'
import { openEventStream } from '../support/eventStream.ts'
import { eventually } from '../support/eventually.ts'
import { withoutStockPostgres } from '../support/stockPostgres.ts'
import { openTcpGate } from '../support/tcpGate.ts'
import { onServer } from '../support/testRun.ts'
import {
  createJobs,
  cursorOfNow,
  expectAllPublished,
  expectExactCounts,
  readiness,
  startFollowedServer,
  startLedgerPostgres,
} from './ledgerCopy.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function pair() {
  const primary = await startLedgerPostgres({ wal_level: 'replica', synchronous_commit: 'local' })
  endings.push(() => primary.destroy())
  const standby = await primary.addStandby('standby')
  endings.push(() => standby.destroy())
  const gate = await openTcpGate(primary.port)
  endings.push(() => gate.close())
  const server = await startFollowedServer(primary.url.replace(`:${primary.port}/`, `:${gate.port}/`))
  endings.push(() => server.close())
  return { primary, standby, gate, server }
}

type Pair = Awaited<ReturnType<typeof pair>>

/** Waits until the standby has all data of the primary. */
const caughtUp = ({ primary, standby }: Pair) =>
  eventually(async () => {
    const jobs = (url: string) =>
      onServer(url, async (client) => (await client.query('SELECT max(id) FROM job_states')).rows)
    const place = (url: string) =>
      onServer(url, async (client) => (await client.query('TABLE jobledger.consumers')).rows)
    expect(await jobs(standby.url)).toEqual(await jobs(primary.url))
    expect(await place(standby.url)).toEqual(await place(primary.url))
  }, 30_000)

async function failOver({ primary, standby, gate }: Pair): Promise<void> {
  await primary.crash()
  await gate.close()
  gate.lead(standby.port)
  await gate.open()
  await standby.promote()
}

describe.skipIf(withoutStockPostgres('failovers to a standby'))('a failover to an asynchronous standby', () => {
  it('ends streams that have read lost events, and reuses no lost event id', { timeout: 180_000 }, async () => {
    const servers = await pair()
    const { server, standby } = servers
    const stream = await openEventStream(server)
    const [kept] = await createJobs(server, 10)
    await expectAllPublished(server)
    await expectExactCounts(server)
    await caughtUp(servers)
    const safe = (await stream.heard(10))[0]?.cursor as string
    await onServer(standby.url, async (client) => {
      await client.query("ALTER SYSTEM SET primary_conninfo = ''")
      await client.query('SELECT pg_reload_conf()')
      await eventually(async () => expect((await client.query('TABLE pg_stat_wal_receiver')).rows).toEqual([]))
    })
    const change = `mutation { transitionJob(input: { jobId: "${kept}", to: PROCESSING, reason: "REASON" }) { __typename } }`
    await server.request(change.replace('REASON', 'lost'))
    await createJobs(server, 20)
    const lost = (await stream.heard(31)).at(-1)?.cursor as string
    await eventually(() => expect(server.published()).toHaveLength(31))

    await failOver(servers)
    await eventually(async () => expect((await readiness(server)).status).toBe(200), 30_000)
    await server.request(change.replace('REASON', 'again'))
    await createJobs(server, 40)
    await stream.ended
    expect(stream.errors).toMatchObject([{ extensions: { code: 'TIMELINE_ENDED' } }])
    expect(stream.events).toHaveLength(31)
    const refused = await openEventStream(server, { after: lost })
    await refused.ended
    expect(refused.errors).toMatchObject([{ message: expect.stringContaining('`latestEventCursor`') }])
    const resumed = await openEventStream(server, { after: safe })
    expect(await resumed.heard(50)).toHaveLength(50)
    await resumed.close()
    await expectAllPublished(server)
    await expectExactCounts(server)
    const ids = server.published().filter(({ jobId, sequence }) => jobId === kept && sequence === 2)
    expect(ids.map(({ reason }) => reason)).toEqual(['lost', 'again'])
    expect(new Set(ids.map(({ eventId }) => eventId)).size).toBe(2)
  })

  it('is detected on connections that were open before the promotion', { timeout: 120_000 }, async () => {
    const servers = await pair()
    const { primary, standby, gate, server } = servers
    await createJobs(server, 5)
    await caughtUp(servers)
    await gate.close()
    gate.lead(standby.port)
    await gate.open()
    const before = await eventually(() => cursorOfNow(server), 20_000)
    await primary.crash()
    await standby.promote()
    await eventually(async () => expect((await readiness(server)).status).toBe(200), 30_000)
    await createJobs(server, 5)
    const refused = await openEventStream(server, { after: before })
    await refused.ended
    expect(refused.errors).toMatchObject([{ message: expect.stringMatching(/^after: belongs to a timeline/) }])
    await expectExactCounts(server)
    await expectAllPublished(server)
  })
})
