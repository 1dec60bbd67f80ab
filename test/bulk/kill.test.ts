// Bulk actions in real servers: two replicas, one of which is killed in the middle of a batch.
// Every job is changed once.
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { sendOperation } from '../../src/client/sendOperation.ts'
import { createJobs } from '../../src/ledger/createJob.ts'
import { LedgerError } from '../../src/ledger/errors.ts'
import { transitionJobs } from '../../src/ledger/transitionJob.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, openTestLedger, type TestLedger } from '../support/factories.ts'
import { expectSoundHistories } from '../support/history.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const JOBS = 100
/** A multiple of the batch size. */
const DONE_AT_KILL = 40

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})
afterEach(endPrograms)
afterAll(() => ledger.close())

function startReplica(): Program {
  return runProgram('src/main.ts', {
    DATABASE_URL: ledger.url,
    PORT: '0',
    NODE_ENV: 'production',
    AUTH: 'open',
    MAINTENANCE_INTERVAL_SECONDS: '0',
    BULK_BATCH_JOBS: '2',
  })
}

const ask = async (url: string, query: string, variables: object) =>
  // biome-ignore lint/suspicious/noExplicitAny: data of several forms
  (await sendOperation<any>(url, { query, variables })).data

const START = `mutation ($input: StartBulkActionInput!) { startBulkAction(input: $input) {
  ... on BulkActionPreview { matched eligible } ... on BulkActionStarted { bulkAction { id } created } ... on Error { message } } }`
const PROGRESS = 'query ($id: ID!) { node(id: $id) { ... on BulkAction { state matched done refused finishedAt } } }'

async function failedJobs(): Promise<string[]> {
  const inputs = Array.from({ length: JOBS }, () => ({ userId: 'ada', content: 'c' }))
  const ids = (await createJobs(ledger, inputs, ACTOR)).flatMap((one) => (one instanceof LedgerError ? [] : one.job.id))
  for (const to of ['PROCESSING', 'FAILED'] as const)
    await transitionJobs(
      ledger,
      ids.map((jobId) => ({ jobId, to })),
      ACTOR,
    )
  return ids
}

it('a bulk action continues on another server when its server is killed, and changes each job once', async () => {
  const ids = await failedJobs()
  // The batch of this job waits, so the action is running when its server is killed.
  const session = await ledger.session()
  await session.query('BEGIN')
  await session.query('SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE', [ids.toSorted()[DONE_AT_KILL]])
  const replicas = [startReplica(), startReplica()]
  const urls = await Promise.all(replicas.map(async (one) => (await one.says(/"url":"([^"]+)"/))[1] as string))
  const input = { action: 'RETRY', filter: { userId: 'ada', states: ['FAILED'] }, reason: 'disk full' }
  const { startBulkAction: preview } = await ask(urls[0] as string, START, { input })
  expect(preview).toEqual({ matched: JOBS, eligible: JOBS })
  const started = await ask(urls[0] as string, START, { input: { ...input, dryRun: false, expectedCount: JOBS } })
  const { id } = started.startBulkAction.bulkAction

  const atKill = { state: 'RUNNING', done: DONE_AT_KILL }
  await eventually(async () => expect((await ask(urls[0] as string, PROGRESS, { id })).node).toMatchObject(atKill))
  const killed = await eventually(() => {
    const runner = replicas.findIndex(isRunner)
    expect(runner).not.toBe(-1)
    return runner
  })
  replicas[killed]?.process.kill('SIGKILL')
  await replicas[killed]?.ended
  const left = urls[1 - killed] as string
  expect((await ask(left, PROGRESS, { id })).node).toMatchObject(atKill)
  await session.query('COMMIT')

  const ended = await eventually(async () => {
    const { node } = await ask(left, PROGRESS, { id })
    expect(node.state).toBe('COMPLETED')
    return node
  }, 120_000)
  expect(ended).toMatchObject({ matched: JOBS, done: JOBS, refused: 0 })
  const jobs = await ledger.prisma.job.findMany({ where: { id: { in: ids } }, select: { state: true, version: true } })
  expect(jobs.filter(({ state, version }) => state !== 'PENDING' || version !== 4)).toEqual([])
  await expectSoundHistories(session)
})

/** Whether this server runs the bulk actions. */
function isRunner(program: Program): boolean {
  return program.stdout().includes('acquired bulk action lock')
}
