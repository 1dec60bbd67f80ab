// Who looks at the dashboard, as the API says.
import { signal } from '@preact/signals'
import { ViewerDocument, type ViewerQuery } from '../api/documents.generated.ts'
import { request } from '../api/request.ts'

export type Viewer = NonNullable<ViewerQuery['viewer']>

export const viewer = signal<Viewer | undefined>(undefined)

/** @throws ApiError */
export async function loadViewer(): Promise<void> {
  const result = await request(ViewerDocument, {})
  viewer.value = result.viewer ?? undefined
}
