// The page of a list that an address asks for.

/** Where the page starts or ends: at most one of both. */
export interface Position {
  readonly after: string | undefined
  readonly before: string | undefined
}

export function positionOf(query: URLSearchParams): Position {
  const before = query.get('before') ?? undefined
  return { after: before === undefined ? (query.get('after') ?? undefined) : undefined, before }
}

export function isFirstPage({ after, before }: Position): boolean {
  return after === undefined && before === undefined
}

/** The arguments of a list for the page, which has at most `size` items. */
export function pageArguments({ after, before }: Position, size: number) {
  const isForward = before === undefined
  return {
    first: isForward ? size : null,
    after: after ?? null,
    last: isForward ? null : size,
    before: before ?? null,
  }
}

interface Shown {
  readonly hasNextPage: boolean
  readonly endCursor: string | null
}

/**
 * The arguments of a list for what its first page would show now, at most `size` items. Those that
 * the page does not show are new, also if they are not at the start: transactions do not commit in
 * the order of their times.
 */
export function newestArguments({ hasNextPage, endCursor }: Shown, size: number) {
  return { first: size, before: hasNextPage ? endCursor : null }
}
