// Turns pages of the ledger into connections. What costs a statement of its own - the total, what lies around the page - is asked
// for only when the client reads it.
import type { Page } from '../ledger/page.ts'

export interface Connection<Row> {
  edges: { cursor: string; node: Row }[]
  pageInfo: PageInfo
  totalCount: () => number | Promise<number>
}

interface PageInfo {
  hasNextPage: boolean
  hasPreviousPage: boolean
  startCursor: string | null
  endCursor: string | null
}

/** The connection of a page; `count` counts the whole list. */
export function connectionOf<Row>(page: Page<Row>, count: () => Promise<number>): Connection<Row> {
  const edges = page.rows.map((node, index) => ({ node, cursor: page.cursors[index] as string }))
  return {
    edges,
    totalCount: count,
    pageInfo: lazyPageInfo(
      edges,
      () => page.hasNextPage(),
      () => page.hasPreviousPage(),
    ),
  }
}

/** Page info that asks `hasNext` and `hasPrevious` when it is read. */
export function lazyPageInfo(
  edges: { cursor: string }[],
  hasNext: () => boolean | Promise<boolean>,
  hasPrevious: () => boolean | Promise<boolean>,
): PageInfo {
  return {
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
    // GraphQL waits for promises; Pothos' type of page info does not know it.
    get hasNextPage() {
      return hasNext() as boolean
    },
    get hasPreviousPage() {
      return hasPrevious() as boolean
    },
  }
}
