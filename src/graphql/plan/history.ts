// Plans Job.stateHistory, whose records are read with their job (types/numberedHistory.ts).
import type { TextRow } from '../../database/rows/rowShape.ts'
import { relatedRows } from '../../database/rows/textSql.ts'
import type { PageRequest } from '../../ledger/page.ts'
import { historyPage, historySlice, STATE_HISTORY } from '../types/numberedHistory.ts'
import { planConnection } from './connection.ts'
import type { FieldRequest } from './fieldRequest.ts'
import type { Write } from './leaves.ts'
import type { ObjectPlanner, PlacedField, Rows } from './placedField.ts'

/** @throws Unplanned */
export function planHistory(planner: ObjectPlanner, placed: PlacedField, rows: Rows): Write {
  const requestOf = (request: FieldRequest): PageRequest => request.argumentsOf(placed)
  const version = rows.reader('version')
  const { index, rows: records } = rows.relation('states', (request) =>
    historySlice(STATE_HISTORY, requestOf(request), request.context.ledger.limits),
  )
  const numberOf = records.reader('sequence') as (record: TextRow) => number
  const connection = planConnection(planner, placed, records)
  return (row, request) => {
    const latest = version(row) as number
    const history = {
      records: relatedRows(row[index] as string | null, records.depth),
      latest,
      numberOf,
    }
    const page = historyPage(STATE_HISTORY, history, requestOf(request), request.context.ledger.limits)
    const { rows, cursorOf } = page
    const [hasNextPage, hasPreviousPage] = [page.hasNextPage(), page.hasPreviousPage()]
    return connection.write({ rows, cursorOf, hasNextPage, hasPreviousPage, totalCount: latest }, request)
  }
}
