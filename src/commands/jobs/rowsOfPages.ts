// The rows of a list, page by page.
const PAGE_SIZE = 100

export interface PageStart {
  readonly first: number
  readonly after: string | null
}

interface Page<Row> {
  readonly nodes: readonly Row[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

/** Yields at most `limit` rows. @throws errors of `load` */
export async function* rowsOfPages<Row>(
  load: (at: PageStart) => Promise<Page<Row>>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Row> {
  let after: string | null = null
  for (let left = limit; left > 0; ) {
    const { nodes, pageInfo }: Page<Row> = await load({ first: Math.min(left, PAGE_SIZE), after })
    yield* nodes
    left -= nodes.length
    after = pageInfo.endCursor
    if (!pageInfo.hasNextPage) return
  }
}
