// Who looks at the dashboard, as the API says.
import { signal } from '@preact/signals'
import { ViewerDocument, type ViewerQuery } from '../api/documents.generated.ts'
import { request } from '../api/request.ts'

export type Viewer = NonNullable<ViewerQuery['viewer']>

export const viewer = signal<Viewer | undefined>(undefined)

/** Whether the roles of the viewer include one that may read the state of operations. */
export function mayReadOperations(): boolean {
  const roles = viewer.value?.roles ?? []
  return roles.includes('AUDITOR') || roles.includes('ADMIN')
}

/** @throws ApiError */
export async function loadViewer(): Promise<void> {
  const result = await request(ViewerDocument, {})
  viewer.value = result.viewer ?? undefined
}
