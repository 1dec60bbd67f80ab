import { isFirstPage, type Position } from '../api/position.ts'
import { urlWith } from '../paths.ts'

interface PagerProps {
  /** The page that is shown; undefined until it is loaded. */
  readonly page: PageInfo | undefined
  readonly position: Position
  /** Of the address of the list. */
  readonly path: string
  readonly query: URLSearchParams
}

export interface PageInfo {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: string | null
  readonly endCursor: string | null
}

export function Pager({ page, position, path, query }: PagerProps) {
  const isFirst = isFirstPage(position)
  if (isFirst && !page?.hasNextPage) return null
  return (
    <nav class="pager" aria-label="Pages of the list">
      {!isFirst && <a href={urlWith(path, query, {})}>First page</a>}
      {page?.hasPreviousPage && page.startCursor !== null && (
        <a rel="prev" href={urlWith(path, query, { before: page.startCursor })}>
          ← Previous
        </a>
      )}
      {page?.hasNextPage && page.endCursor !== null && (
        <a rel="next" href={urlWith(path, query, { after: page.endCursor })}>
          Next →
        </a>
      )}
    </nav>
  )
}
