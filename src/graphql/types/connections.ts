// Turns pages of the ledger into connections. What costs something - the total, what lies around the page, cursors - is made only when the
// client reads it.
import type { Page } from '../../ledger/page.ts'

/** What a connection needs of a page. */
export interface ConnectionPage<Row> extends Pick<Page<Row>, 'rows' | 'cursorOf'> {
  hasNextPage(): boolean | Promise<boolean>
  hasPreviousPage(): boolean | Promise<boolean>
}

/** The connection of a page, and its page info: GraphQL reads both by the names of their fields. */
export class Connection<Row> {
  readonly totalCount: () => number | Promise<number>
  private readonly page: ConnectionPage<Row>

  /** `count` counts the whole list. */
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
  // Each connection has rows of its own type; here they only have cursors.
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

  // GraphQL waits for promises; Pothos' type of page info does not know it.
  get hasNextPage(): boolean {
    return this.page.hasNextPage() as boolean
  }

  get hasPreviousPage(): boolean {
    return this.page.hasPreviousPage() as boolean
  }
}
