// Cursors of pages of the ledger.
import type { Page } from '../../src/ledger/page.ts'

/** The cursor of the row at an index, from the end if it is negative; undefined if there is none. */
export function cursorAt<Row>({ rows, cursorOf }: Page<Row>, index: number): string | undefined {
  const row = rows.at(index)
  return row === undefined ? undefined : cursorOf(row)
}
