// A subscriber that reconnects repeatedly with its last cursor while others write.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { InvalidInputError, LedgerError } from '../../src/ledger/errors.ts'
import { BEGINNING, cursorOf } from '../../src/ledger/eventOrder.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { type HeardEvent, openEventStream, stepOf } from '../support/eventStream.ts'
import { ACTOR, newJob } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const RECONNECTS = 50
const JOBS = 400
const WRITERS = 8

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})

afterAll(async () => {
  await server.close()
})

/** Writers of the same jobs, so that they wait for each other. */
async function write(): Promise<void> {
  let made = 0
  const writer = async (): Promise<void> => {
    while (made < JOBS) {
      made += 1
      const { id } = await newJob(server.ledger)
      const steps = (['PROCESSING', 'CANCELLED', 'FAILED', 'PENDING'] as const).map((to) =>
        transitionJob(server.ledger, { jobId: id, to, actor: ACTOR }).catch((error: unknown) => {
          if (!(error instanceof LedgerError) || error instanceof InvalidInputError) throw error
        }),
      )
      await Promise.all(steps)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, writer))
}

it(`gets every event once and in order over ${RECONNECTS} connections`, { timeout: 120_000 }, async () => {
  let isWriting = true
  const writing = write().finally(() => {
    isWriting = false
  })
  const heard: HeardEvent[] = []
  let after = cursorOf(BEGINNING)
  const listen = async (count: number): Promise<void> => {
    const stream = await openEventStream(server, { after })
    // The last of them may have arrived before it started.
    await (isWriting ? Promise.race([stream.heard(count), writing]) : stream.heard(count))
    await stream.close()
    heard.push(...stream.events)
    after = stream.events.at(-1)?.cursor ?? after
  }
  for (let connection = 0; connection < RECONNECTS; connection++) {
    // More events follow while writers run.
    await listen(isWriting ? 1 + Math.floor(Math.random() * 20) : 0)
  }
  await writing
  const history = await server.ledger.prisma.jobStateRecord.findMany({
    orderBy: [{ transactionId: 'asc' }, { id: 'asc' }],
  })
  await listen(history.length - heard.length)
  expect(heard.map(stepOf)).toEqual(history.map(({ jobId, sequence }) => `${jobId} ${sequence}`))
  const last = new Map<string, number>()
  for (const { record } of heard) {
    expect(record.sequence).toBe((last.get(record.job.jobId) ?? 0) + 1)
    last.set(record.job.jobId, record.sequence)
  }
  const jobs = await server.ledger.prisma.job.findMany({ select: { id: true, version: true } })
  expect(new Map(jobs.map(({ id, version }) => [id, version]))).toEqual(last)
})
