// Turns pages of the ledger into connections. The total count, the neighbours of the page and the
// cursors are computed only if the client selects them.
import type { Page } from '../../ledger/page.ts'

/** The parts of a page that a connection needs. */
export interface ConnectionPage<Row> extends Pick<Page<Row>, 'rows' | 'cursorOf'> {
  hasNextPage(): boolean | Promise<boolean>
  hasPreviousPage(): boolean | Promise<boolean>
}

/** A connection; GraphQL reads its properties by the names of the fields. */
export class Connection<Row> {
  readonly totalCount: () => number | Promise<number>
  private readonly page: ConnectionPage<Row>

  /** @param count counts the complete list */
  constructor(page: ConnectionPage<Row>, count: () => number | Promise<number>) {
    this.page = page
    this.totalCount = count
  }

  get edges(): Edge<Row>[] {
    return this.page.rows.map((row) => new Edge(row, this.page))
  }

  get pageInfo(): PageInfo {
    return new PageInfo(this.page)
  }
}

class Edge<Row> {
  readonly node: Row
  private readonly page: ConnectionPage<Row>

  constructor(node: Row, page: ConnectionPage<Row>) {
    this.node = node
    this.page = page
  }

  get cursor(): string {
    return this.page.cursorOf(this.node)
  }
}

class PageInfo {
  // The type of the rows does not matter here.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  private readonly page: ConnectionPage<any>

  // biome-ignore lint/suspicious/noExplicitAny: see above
  constructor(page: ConnectionPage<any>) {
    this.page = page
  }

  get startCursor(): string | null {
    const { rows } = this.page
    return rows.length > 0 ? this.page.cursorOf(rows[0]) : null
  }

  get endCursor(): string | null {
    const { rows } = this.page
    return rows.length > 0 ? this.page.cursorOf(rows.at(-1)) : null
  }

  // GraphQL awaits promises, but Pothos' type of PageInfo does not allow them.
  get hasNextPage(): boolean {
    return this.page.hasNextPage() as boolean
  }

  get hasPreviousPage(): boolean {
    return this.page.hasPreviousPage() as boolean
  }
}
