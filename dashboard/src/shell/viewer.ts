// The caller who uses the dashboard, as the API reports it.
import { signal } from '@preact/signals'
import { scopeOf } from '../../../src/access/roles.ts'
import { ViewerDocument, type ViewerQuery } from '../api/documents.generated.ts'
import { messageOf, request } from '../api/request.ts'

export type Viewer = NonNullable<ViewerQuery['viewer']>

export const viewer = signal<Viewer | undefined>(undefined)
/** Why the API did not report it. */
export const viewerError = signal<string | undefined>(undefined)

/** Whether the roles of the viewer include one that may read the state of operations. */
export function mayReadOperations(): boolean {
  const roles = viewer.value?.roles ?? []
  return roles.includes('AUDITOR') || roles.includes('ADMIN')
}

export function mayReadRefusals(): boolean {
  return scopeOf(viewer.value?.roles ?? [], 'refusals:read') !== 'none'
}

export async function loadViewer(): Promise<void> {
  viewerError.value = undefined
  try {
    const result = await request(ViewerDocument, {})
    viewer.value = result.viewer ?? undefined
  } catch (error) {
    viewerError.value = messageOf(error)
  }
}
