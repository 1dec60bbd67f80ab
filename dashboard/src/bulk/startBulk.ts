// A dry run, and the bulk action that it becomes.
import {
  type BulkActionKind,
  type JobFilter,
  PreviewBulkActionDocument,
  type PreviewBulkActionMutation,
  StartBulkActionDocument,
} from '../api/documents.generated.ts'
import { request } from '../api/request.ts'
import { readAddress, withStates } from '../jobs/listAddress.ts'

type Preview = Extract<NonNullable<PreviewBulkActionMutation['outcome']>, { readonly matched: number }>

export interface Plan {
  readonly action: BulkActionKind
  readonly reason: string
}

export interface DryRun extends Plan {
  readonly filter: JobFilter
  readonly preview: Preview
  /** The idempotency key: confirming this dry run several times starts one bulk action. */
  readonly idempotencyKey: string
}

/**
 * Asks what would happen to the jobs of a list, by its address. Relative instants count from now,
 * and stay as they are then.
 *
 * @throws ApiError; Error with the message of a refusal
 */
export async function dryRun(query: URLSearchParams, { action, reason }: Plan): Promise<DryRun> {
  const list = readAddress(query, Date.now())
  const filter = withStates(list.filter, list.states)
  const { outcome } = await request(PreviewBulkActionDocument, { input: { action, reason, filter, dryRun: true } })
  if (outcome === null || !('matched' in outcome)) throw refusalOf(outcome)
  return { action, reason, filter, preview: outcome as Preview, idempotencyKey: randomKey() }
}

/** The global id of the bulk action; or how many jobs match now, if it is another number. */
export type Started = { readonly id: string } | { readonly actualCount: number }

/** @throws ApiError; Error with the message of a refusal */
export async function startBulkAction({ preview, ...plan }: DryRun): Promise<Started> {
  const input = { ...plan, dryRun: false, expectedCount: preview.matched }
  const { outcome } = await request(StartBulkActionDocument, { input })
  if (outcome !== null && 'bulkAction' in outcome) return outcome.bulkAction as { id: string }
  if (outcome !== null && 'actualCount' in outcome) return { actualCount: outcome.actualCount as number }
  throw refusalOf(outcome)
}

function refusalOf(outcome: object | null): Error {
  const { message } = (outcome ?? {}) as { message?: string }
  return new Error(message ?? 'The server returned no result.')
}

/** `crypto.randomUUID` is missing where pages come over http from another machine. */
function randomKey(): string {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))]
  return `dashboard-${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
