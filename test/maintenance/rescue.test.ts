// A running server ends the attempts of jobs whose workers are gone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { getJob } from '../../src/ledger/getJob.ts'
import { requestJobCancellation } from '../../src/ledger/requestJobCancellation.ts'
import { eventually } from '../support/eventually.ts'
import { jobCreatedAt } from '../support/factories.ts'
import { expectSoundHistories, historyOf } from '../support/history.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'
import { claimedJob } from './abandonedJobs.ts'
import { readableLog } from './logLines.ts'

const { log, lines } = readableLog()
let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: { MAINTENANCE_INTERVAL_SECONDS: '1' }, log })
})

afterAll(async () => {
  await onServer(server.databaseUrl, expectSoundHistories)
  await server.close()
})

const now = async ({ id }: Job) => (await getJob(server.ledger, id)) as Job
const lastRecord = ({ id }: Job) => onServer(server.databaseUrl, async (client) => (await historyOf(client, id)).at(-1))
const logged = (task: string, outcome: string) =>
  lines.filter((line) => line.task === task).reduce((sum, line) => sum + Number(line[outcome] ?? 0), 0)

async function becomes(job: Job, state: Job['state']): Promise<Job> {
  return eventually(async () => {
    const found = await now(job)
    expect(found.state).toBe(state)
    return found
  })
}

describe('a job whose lease has ended', () => {
  it('waits for its next attempt, and jobs under a valid lease stay unchanged', async () => {
    const live = await claimedJob(server.ledger, 60, { maxAttempts: 2 })
    const job = await claimedJob(server.ledger, 1, { maxAttempts: 2 })
    expect(await becomes(job, 'PENDING')).toMatchObject({ attempt: 1, releases: 0, version: 3 })
    expect(await lastRecord(job)).toMatchObject({ actor: 'system:rescue', reason: 'lease expired' })
    expect(await now(live)).toEqual(live)
  })

  it('fails if its attempts are used up', async () => {
    const job = await claimedJob(server.ledger, 1)
    await becomes(job, 'FAILED')
    expect(await lastRecord(job)).toMatchObject({ actor: 'system:rescue', reason: 'lease expired' })
    expect(await server.ledger.prisma.jobResult.findUnique({ where: { jobId: job.id } })).toMatchObject({
      status: 'TIMEOUT',
      errorMessage: 'The worker is gone (lease expired), and the attempts are used up (1).',
    })
  })

  it('is cancelled if that was requested', async () => {
    const job = await claimedJob(server.ledger, 1, { maxAttempts: 9 })
    await requestJobCancellation(server.ledger, { jobId: job.id, actor: 'user:ada', reason: 'too dear' })
    await becomes(job, 'CANCELLED')
    expect(await lastRecord(job)).toMatchObject({
      previous_state: 'PROCESSING',
      actor: 'system:cancel',
      reason: 'requested by user:ada: too dear (lease expired)',
    })
  })
})

describe('the log', () => {
  it('has one line per task and run, above debug level only if the run changed something', async () => {
    await eventually(() => {
      expect(logged('rescueStuckJobs', 'released')).toBe(1)
      expect(logged('rescueStuckJobs', 'failed')).toBe(1)
      expect(logged('forceCancellations', 'cancelled')).toBe(1)
    })
    const tasks = lines.filter(({ task }) => task !== undefined)
    for (const line of tasks) {
      const idle = /: nothing to do \(\d+ ms\)$/.test(line.msg)
      expect(line).toMatchObject({
        level: idle ? 'debug' : 'info',
        ms: expect.any(Number),
        stoppedAtBounds: false,
      })
    }
    expect(tasks.find(({ released }) => released === 1)?.msg).toMatch(
      /^maintenance, rescueStuckJobs: 1 released(, 1 failed)? \(\d+ ms\)$/,
    )
    expect(tasks.filter(({ level }) => level === 'debug')).not.toHaveLength(0)
  })
})

describe('without RETENTION_DAYS', () => {
  it('deletes no job, however old it is', async () => {
    const old = await jobCreatedAt(server.ledger, new Date('2001-01-01'), 'COMPLETED')
    const rounds = () => lines.filter(({ task }) => task === 'rescueStuckJobs').length
    const before = rounds()
    await eventually(() => expect(rounds()).toBeGreaterThan(before + 1))
    expect(await now(old)).toEqual(old)
    expect(await server.ledger.prisma.maintenanceTask.count({ where: { name: 'cleanupJobs' } })).toBe(0)
  })
})
