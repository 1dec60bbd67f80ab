import { LIST_URL } from '../paths.ts'
import { PageHeading } from './pageHeading.tsx'

export function NotFoundPage() {
  return (
    <>
      <PageHeading title="Page not found" />
      <div class="empty">
        <p class="empty-title">The dashboard has no page with this address.</p>
        <p>
          <a href={LIST_URL}>Go to the jobs</a>
        </p>
      </div>
    </>
  )
}
