// `jobledger jobs bulk` and `jobledger jobs abort`: all jobs that match a filter.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pRetry from 'p-retry'
import {
  AbortBulkDocument,
  BulkActionNowDocument,
  type BulkProgressFragment,
  StartBulkDocument,
  type StartBulkMutation,
} from '../../client/documents.generated.ts'
import { readClientConfig } from '../../config.ts'
import { apiSender, type Send } from '../apiSender.ts'
import { withOptions } from '../credential.ts'
import { nextSignal } from '../nextSignal.ts'
import { print } from '../output.ts'
import { UsageError } from '../program/usageError.ts'
import { tableText } from '../table.ts'
import { typedCommand } from '../typedCommand.ts'
import { FILTER_OPTIONS, type FilterOptions, filterOf } from './filterOptions.ts'

export interface BulkOptions extends FilterOptions {
  readonly reason: string
  /** The number of jobs that the dry run matched. Without it, only a dry run. */
  readonly confirm?: number
  /** Waits until the action has ended. */
  readonly wait: boolean
  readonly json: boolean
  readonly url?: string
}

export type BulkKind = 'cancel' | 'retry' | 'delete'

const OPTIONS = { ...FILTER_OPTIONS, reason: '--reason', expectedCount: '--confirm' }
const POLL_MS = 500
/** Number of times that a failed start is repeated; its idempotency key prevents a second one. */
const RETRIES = 2

/**
 * Prints what the action would do; or starts it and prints how it ended. The exit code is 1 if it
 * did not complete.
 *
 * @throws UsageError, OutputError
 */
export async function bulk(kind: BulkKind, options: BulkOptions): Promise<void> {
  const send = apiSender(readClientConfig(options.url), OPTIONS)
  const { reason, confirm, json } = options
  const action = ({ cancel: 'CANCEL', retry: 'RETRY', delete: 'DELETE' } as const)[kind]
  const request = { action, filter: filterOf(options), reason }
  if (confirm === undefined) {
    const { outcome } = await send(StartBulkDocument, { input: request })
    if (outcome?.__typename !== 'BulkActionPreview') throw refused(outcome)
    await print(json ? JSON.stringify(outcome) : previewText(kind, outcome))
    return
  }
  const input = { ...request, dryRun: false, expectedCount: confirm, idempotencyKey: randomUUID() }
  const { outcome } = await pRetry(() => send(StartBulkDocument, { input }), { retries: RETRIES, minTimeout: 200 })
  if (outcome?.__typename !== 'BulkActionStarted') throw refused(outcome)
  const { bulkAction } = outcome
  await report(options.wait ? await untilEnded(send, bulkAction) : bulkAction, json)
}

/** Ends a running bulk action after its current batch. @throws UsageError, OutputError */
export async function abortBulk(id: string, { json, url }: Pick<BulkOptions, 'json' | 'url'>): Promise<void> {
  const { abortBulkAction } = await apiSender(readClientConfig(url))(AbortBulkDocument, { id })
  if (abortBulkAction === null) throw new UsageError(`Bulk action ${id} does not exist.`)
  await print(json ? JSON.stringify(abortBulkAction) : progressText(abortBulkAction))
}

type Outcome = StartBulkMutation['outcome']
type Preview = Extract<NonNullable<Outcome>, { __typename: 'BulkActionPreview' }>

function refused(outcome: Outcome): UsageError {
  const message = outcome !== null && 'message' in outcome ? outcome.message : 'the server sent no outcome.'
  return new UsageError(`The bulk action was refused: ${withOptions(message, OPTIONS)}`)
}

function previewText(kind: BulkKind, { matched, eligible, sample, refusals }: Preview): string {
  const jobs = sample.map(({ jobId, state, userId, preset, createdAt }) => ({
    job: jobId,
    state,
    user: userId,
    preset: preset ?? '',
    created: createdAt,
  }))
  return [
    `Dry run of ${kind}: ${matched} jobs match, ${eligible} would be changed.`,
    ...(jobs.length === 0 ? [] : ['', tableText(jobs)]),
    ...(refusals.length === 0 ? [] : ['', 'Refused:', tableText(refusals)]),
    '',
    `Nothing was changed. To start it, run the command again with --confirm ${matched}.`,
  ].join('\n')
}

/** Polls until the action has ended, or until a signal. */
async function untilEnded(send: Send, started: BulkProgressFragment): Promise<BulkProgressFragment> {
  const stopped = nextSignal().then(() => true)
  for (let now = started; ; ) {
    if (now.state !== 'RUNNING') return now
    if (await Promise.race([stopped, sleep(POLL_MS, false)])) {
      process.exitCode = 130
      console.error(continues(now))
      return now
    }
    const { node } = await send(BulkActionNowDocument, { id: now.id }).catch((error: Error) => {
      throw new UsageError(`${error.message} ${continues(started)}`, { cause: error })
    })
    if (node === null || !('state' in node)) throw new UsageError(`Bulk action ${now.id} no longer exists.`)
    now = node as BulkProgressFragment
    if (process.stderr.isTTY) process.stderr.write(`\r${now.done + now.refused} of ${now.matched}`)
  }
}

function continues({ id }: BulkProgressFragment): string {
  return `The bulk action continues. To end it: ${typedCommand('jobs', 'abort', id)}`
}

async function report(action: BulkProgressFragment, json: boolean): Promise<void> {
  if (process.stderr.isTTY) process.stderr.write('\n')
  if (action.state === 'FAILED' || action.state === 'ABORTED') process.exitCode = 1
  await print(json ? JSON.stringify(action) : progressText(action))
}

function progressText({
  id,
  action,
  state,
  matched,
  done,
  refused: count,
  error,
  refusals,
}: BulkProgressFragment): string {
  return [
    `Bulk action ${id} (${action}) is ${state}: ${done} of ${matched} jobs done, ${count} refused.`,
    ...(error === null ? [] : [error]),
    ...(refusals.length === 0 ? [] : [tableText(refusals)]),
  ].join('\n')
}
