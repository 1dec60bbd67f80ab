// The bulk action that is shown: its progress until it has ended.
import {
  AbortBulkActionDocument,
  BulkActionDocument,
  type BulkActionQuery,
  type JobFilter,
} from '../api/documents.generated.ts'
import { Polled } from '../api/polled.ts'
import { request } from '../api/request.ts'
import { announce } from '../view/announcements.tsx'
import { globalIdOf } from './bulkId.ts'
import { progressText } from './progress.tsx'

/** Pause between two requests. */
const PAUSE_MS = 2000

export type BulkAction = Extract<NonNullable<BulkActionQuery['node']>, { readonly matched: number }> & {
  readonly filter: JobFilter
}

/** The action is null if none has this id. */
export interface Found {
  readonly action: BulkAction | null
}

/** `uuid`: as in the address of the page. The caller must stop it. */
export function pollBulkAction(uuid: string): Polled<Found> {
  let wasRunning = false
  const read = async (signal: AbortSignal): Promise<Found> => {
    const id = globalIdOf(uuid)
    if (id === undefined) return { action: null }
    const { node } = await request(BulkActionDocument, { id }, { signal })
    const action = node as BulkAction | null
    const isRunning = action?.state === 'RUNNING'
    if (action && wasRunning && !isRunning) announce(`The bulk action has ended: ${progressText(action)}.`)
    wasRunning = isRunning
    return { action }
  }
  return new Polled(read, { pauseMs: PAUSE_MS, isFinal: ({ action }) => action?.state !== 'RUNNING' })
}

/** Resolves to the message of a refusal. @throws ApiError */
export async function abortBulkAction(id: string): Promise<string | undefined> {
  const { abortBulkAction: aborted } = await request(AbortBulkActionDocument, { id })
  return aborted === null ? 'The bulk action does not exist, or you may not abort it.' : undefined
}
