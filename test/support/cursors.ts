// Cursors of ledger pages.
import type { Page } from '../../src/ledger/page.ts'

/**
 * The cursor of the row at `index`, counted from the end if negative; undefined without such a row.
 */
export function cursorAt<Row>({ rows, cursorOf }: Page<Row>, index: number): string | undefined {
  const row = rows.at(index)
  return row === undefined ? undefined : cursorOf(row)
}
