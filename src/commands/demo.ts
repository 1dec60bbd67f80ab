// `jobledger demo`: hashes every file of a folder, one job for each file, and records the work in a
// running server through its API only.

import { randomUUID } from 'node:crypto'
import pLimit from 'p-limit'
import pRetry from 'p-retry'
import type { RecordJobMutation } from '../client/documents.generated.ts'
import {
  CompleteJobDocument,
  CountsByStateDocument,
  FailJobDocument,
  FullHistoryDocument,
  RecordJobDocument,
  StartJobDocument,
  ViewerRolesDocument,
} from '../client/documents.generated.ts'
import { readClientConfig } from '../config.ts'
import { apiSender, describeFailure, type Send } from './apiSender.ts'
import { credentialSource, missingRole, withOptions } from './credential.ts'
import { type FoundFile, filesBelow, hashFile } from './demo/files.ts'
import { reportProgress } from './demo/progress.ts'
import { UsageError } from './program/usageError.ts'
import { tableText } from './table.ts'

export interface DemoOptions {
  /** The endpoint of a running server; by default from the environment. */
  readonly url?: string
  /** The user that the jobs belong to; by default the caller. */
  readonly user?: string
}

const CONCURRENCY = 4
/** Number of times that a failed creation is repeated; its idempotency key prevents duplicates. */
const RETRIES = 2

/** Resolves when every file has its job. @throws UsageError */
export async function demo(folder: string, { url: given, user }: DemoOptions): Promise<void> {
  const run = randomUUID()
  const config = readClientConfig(given)
  const send = apiSender(config)
  const fault = missingRole('jobledger demo', (await send(ViewerRolesDocument, {})).viewer)
  if (fault !== undefined) throw new UsageError(`${fault} ${credentialSource(config)}`)
  const byState = () => send(CountsByStateDocument, { filter: { metadata: { run }, includeDeleted: true } })
  await byState()
  const files = await filesBelow(folder)
  const stop = stopOnSignal()
  const progress = reportProgress(files.length)
  const limit = pLimit(CONCURRENCY)
  const jobs = await Promise.all(
    files.map((file) =>
      limit(async () => {
        if (stop.isRequested) return undefined
        const outcome = await processFile(send, file, { run, userId: user })
        progress.done(file.name)
        return outcome
      }),
    ),
  )
  progress.end()
  const processed = jobs.filter((job) => job !== undefined)
  if (stop.isRequested)
    console.log(`Interrupted: ${processed.length} of ${files.length} files were processed; no job is unfinished.`)
  console.log('\nJobs of this run by state:')
  console.log(tableText((await byState()).jobCountsByState.map(({ state, count }) => ({ state, jobs: count }))))
  const shown = processed.find((job) => job.failed) ?? processed[0]
  if (shown) await showHistory(send, shown.jobId)
  if (stop.isRequested) process.exitCode = 130
}

/** Hashes one file and records its job. */
async function processFile(send: Send, file: FoundFile, { run, userId }: { run: string; userId: string | undefined }) {
  const input = {
    ...(userId === undefined ? {} : { userId }),
    content: file.name,
    preset: 'sha256',
    metadata: { run },
    idempotencyKey: randomUUID(),
  }
  const created = await pRetry(() => send(RecordJobDocument, { input }), { retries: RETRIES, minTimeout: 200 })
  const jobId = createdJobId(created)
  expectSuccess((await send(StartJobDocument, { jobId, reason: 'reading the file' })).transitionJob)
  const startedAt = performance.now()
  const processingTimeMs = () => Math.round(performance.now() - startedAt)
  try {
    const output = await hashFile(file.path)
    const done = { jobId, output, processingTimeMs: processingTimeMs(), reason: 'hashed' }
    expectSuccess((await send(CompleteJobDocument, { input: done })).completeJob)
    return { jobId, failed: false }
  } catch (error) {
    if (error instanceof UsageError) throw error
    const errorMessage = describeFailure(error)
    const done = { jobId, errorMessage, processingTimeMs: processingTimeMs(), reason: 'the file cannot be read' }
    expectSuccess((await send(FailJobDocument, { input: done })).failJob)
    return { jobId, failed: true }
  }
}

async function showHistory(send: Send, jobId: string): Promise<void> {
  const { job } = await send(FullHistoryDocument, { jobId })
  if (!job) throw new UsageError(`Job ${jobId} no longer exists.`)
  console.log(`\nThe full history of job ${job.jobId}, ${JSON.stringify(job.content)}:`)
  const rows = job.stateHistory.nodes.map(
    ({ sequence, previousState, newState, previousStateDurationMs: after, ...record }) => ({
      sequence,
      from: previousState ?? '',
      to: newState,
      'after ms': after ?? '',
      actor: record.actor,
      reason: record.reason ?? '',
      error: record.error ?? '',
      at: record.timestamp,
    }),
  )
  console.log(tableText(rows))
  console.log(`Its result: ${JSON.stringify(job.result)}`)
}

function createdJobId({ createJob: outcome }: RecordJobMutation): string {
  if (outcome?.__typename === 'CreateJobSuccess') return outcome.job.jobId
  throw new UsageError(`The job was refused: ${withOptions(String(outcome?.message), { userId: '--user' })}`)
}

function expectSuccess(outcome: { readonly __typename: string; readonly message?: string } | null): void {
  if (outcome?.__typename !== 'TransitionJobSuccess')
    throw new UsageError(`The transition was refused: ${outcome?.message}`)
}

/** On a signal, files in progress are finished and no other is started. */
function stopOnSignal(): { isRequested: boolean } {
  const stop = { isRequested: false }
  const requestStop = (): void => {
    stop.isRequested = true
  }
  process.on('SIGINT', requestStop).on('SIGTERM', requestStop)
  return stop
}
