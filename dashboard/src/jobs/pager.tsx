import type { JobList } from './jobList.ts'
import { type ListRequest, listUrl } from './listAddress.ts'

interface PagerProps {
  readonly list: JobList
  readonly request: ListRequest
  readonly query: URLSearchParams
}

export function Pager({ list, request, query }: PagerProps) {
  const page = list.pageInfo.value
  const isFirstPage = request.after === undefined && request.before === undefined
  if (isFirstPage && !page?.hasNextPage) return null
  return (
    <nav class="pager" aria-label="Pages of the list">
      {!isFirstPage && <a href={listUrl(query)}>First page</a>}
      {page?.hasPreviousPage && page.startCursor !== null && (
        <a rel="prev" href={cursorUrl(query, 'before', page.startCursor)}>
          ← Previous
        </a>
      )}
      {page?.hasNextPage && page.endCursor !== null && (
        <a rel="next" href={cursorUrl(query, 'after', page.endCursor)}>
          Next →
        </a>
      )}
    </nav>
  )
}

function cursorUrl(query: URLSearchParams, name: 'after' | 'before', cursor: string): string {
  return listUrl(query, { [name]: cursor })
}
