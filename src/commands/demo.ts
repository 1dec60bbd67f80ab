// The demo: hashes every file of a folder, one job per file, and keeps the account of it in a running server, through its API
// and nothing else.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import pRetry from 'p-retry'
import { Credential } from '../client/credential.ts'
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
import { ServerUnavailableError } from '../client/requestErrors.ts'
import { sendOperation, type TypedDocument } from '../client/sendOperation.ts'
import type { ClientConfig } from '../config/client.ts'
import { readClientConfig } from '../config.ts'
import { credentialSource, missingRole, withOptions } from './credential.ts'
import { DemoError } from './demo/demoError.ts'
import { describeFailure, type FoundFile, filesBelow, hashFile } from './demo/files.ts'
import { reportProgress } from './demo/progress.ts'
import { tableText } from './table.ts'
import { typedCommand } from './typedCommand.ts'

export interface DemoOptions {
  /** The endpoint of a running server; by default that of the environment. */
  readonly url?: string
  /** Whose jobs they are; by default the caller's own. */
  readonly user?: string
}

const AT_ONCE = 4
const REQUEST_MS = 60_000
/** A failed creation is sent again so often; its idempotency key makes sure that it makes one job. */
const RETRIES = 2
/** The status of a server that wants us to come back later. */
const TOO_MANY = 429

type Send = <Data, Variables>(document: TypedDocument<Data, Variables>, variables: Variables) => Promise<Data>

/** Resolves when every file has its job. @throws DemoError */
export async function demo(folder: string, { url: given, user }: DemoOptions): Promise<void> {
  const run = randomUUID()
  const config = readClientConfig(given)
  const send = sender(config)
  const fault = missingRole('jobledger demo', (await send(ViewerRolesDocument, {})).viewer)
  if (fault !== undefined) throw new DemoError(`${fault} ${credentialSource(config)}`)
  const byState = () => send(CountsByStateDocument, { filter: { metadata: { run }, includeDeleted: true } })
  await byState()
  const files = await filesBelow(folder)
  const stop = stopOnSignal()
  const progress = reportProgress(files.length)
  const limit = pLimit(AT_ONCE)
  const jobs = await Promise.all(
    files.map((file) =>
      limit(async () => {
        if (stop.asked) return undefined
        const outcome = await account(send, file, { run, userId: user })
        progress.done(file.name)
        return outcome
      }),
    ),
  )
  progress.end()
  const accounted = jobs.filter((job) => job !== undefined)
  if (stop.asked)
    console.log(`Interrupted: ${accounted.length} of ${files.length} files have their job; none is left half-done.`)
  console.log('\nJobs of this run by state:')
  console.log(tableText((await byState()).jobCountsByState.map(({ state, count }) => ({ state, jobs: count }))))
  const shown = accounted.find((job) => job.failed) ?? accounted[0]
  if (shown) await showHistory(send, shown.jobId)
  if (stop.asked) process.exitCode = 130
}

/** Takes one file through the life of its job. */
async function account(send: Send, file: FoundFile, { run, userId }: { run: string; userId: string | undefined }) {
  const input = {
    ...(userId === undefined ? {} : { userId }),
    content: file.name,
    preset: 'sha256',
    metadata: { run },
    idempotencyKey: randomUUID(),
  }
  const created = await pRetry(() => send(RecordJobDocument, { input }), { retries: RETRIES, minTimeout: 200 })
  const jobId = jobOf(created)
  expectSuccess((await send(StartJobDocument, { jobId, reason: 'reading the file' })).transitionJob)
  const startedAt = performance.now()
  const processingTimeMs = () => Math.round(performance.now() - startedAt)
  try {
    const output = await hashFile(file.path)
    const done = { jobId, output, processingTimeMs: processingTimeMs(), reason: 'hashed' }
    expectSuccess((await send(CompleteJobDocument, { input: done })).completeJob)
    return { jobId, failed: false }
  } catch (error) {
    if (error instanceof DemoError) throw error
    const errorMessage = describeFailure(error)
    const done = { jobId, errorMessage, processingTimeMs: processingTimeMs(), reason: 'the file cannot be read' }
    expectSuccess((await send(FailJobDocument, { input: done })).failJob)
    return { jobId, failed: true }
  }
}

async function showHistory(send: Send, jobId: string): Promise<void> {
  const { job } = await send(FullHistoryDocument, { jobId })
  if (!job) throw new DemoError(`The job ${jobId} is gone.`)
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

function sender(config: ClientConfig): Send {
  const { url } = config
  const credential = new Credential(config.token)
  return async function send<Data, Variables>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const operation = { query: document.toString(), variables: variables as object }
    const signal = AbortSignal.timeout(REQUEST_MS)
    const request = (headers: Record<string, string>) => sendOperation<Data>(url, operation, headers, signal)
    const answer = await credential.send(request, signal).catch((error: Error) => {
      if (error instanceof ServerUnavailableError) throw new DemoError(error.message)
      throw new DemoError(
        `No answer from ${url} (${describeFailure(error.cause ?? error)}): start the server with "${typedCommand('start')}", or name it by --url.`,
      )
    })
    if (answer.status === TOO_MANY) {
      await sleep(Number(answer.headers.get('retry-after') ?? 1) * 1000)
      return send(document, variables)
    }
    const [error] = answer.errors ?? []
    if (error) {
      const isAboutCaller = ['UNAUTHENTICATED', 'FORBIDDEN'].includes(String(error.extensions?.code))
      throw new DemoError(`The server refused: ${error.message}${isAboutCaller ? ` ${credentialSource(config)}` : ''}`)
    }
    return answer.data
  }
}

function jobOf({ createJob: outcome }: RecordJobMutation): string {
  if (outcome?.__typename === 'CreateJobSuccess') return outcome.job.jobId
  throw new DemoError(`The job was refused: ${withOptions(String(outcome?.message), { userId: '--user' })}`)
}

function expectSuccess(outcome: { readonly __typename: string; readonly message?: string } | null): void {
  if (outcome?.__typename !== 'TransitionJobSuccess')
    throw new DemoError(`The transition was refused: ${outcome?.message}`)
}

/** Files that are being read are finished; no other is begun. */
function stopOnSignal(): { asked: boolean } {
  const stop = { asked: false }
  const ask = (): void => {
    stop.asked = true
  }
  process.on('SIGINT', ask).on('SIGTERM', ask)
  return stop
}
