// Writes all rows of a list to a file, page by page, so that the browser holds no more than the
// file.
import { pageSize } from '../api/session.ts'

export type ExportFormat = 'csv' | 'ndjson'

/** A list to export. */
export interface Exportable<Row> {
  /** One row: "job". Its plural names the file. */
  readonly noun: string
  /** The columns of a CSV file. NDJSON has all fields of a row. */
  readonly columns: readonly (keyof Row)[]
  /** The page after a cursor; null: the first. @throws ApiError; the reason of `signal` */
  loadPage(at: PageStart, signal: AbortSignal): Promise<ExportPage<Row>>
}

export interface PageStart {
  readonly first: number
  readonly after: string | null
}

export interface ExportPage<Row> {
  readonly nodes: readonly Row[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

export interface ExportOptions {
  readonly format: ExportFormat
  readonly signal: AbortSignal
  /** Called after each page with the number of rows so far. */
  onProgress(rows: number): void
}

const MAX_PAGE_SIZE = 100
const TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const

/** Resolves to the file. @throws ApiError; the reason of `signal` */
export async function exportFile<Row>(
  { columns, loadPage }: Exportable<Row>,
  { format, signal, onProgress }: ExportOptions,
): Promise<Blob> {
  const first = pageSize(MAX_PAGE_SIZE)
  const lineOf = format === 'csv' ? (row: Row) => csvLine(columns.map((column) => row[column])) : jsonLine
  // Browsers keep large blobs on disk.
  const pages = [new Blob(format === 'csv' ? [csvLine(columns)] : [])]
  let count = 0
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo }: ExportPage<Row> = await loadPage({ first, after }, signal)
    pages.push(new Blob(nodes.map(lineOf)))
    count += nodes.length
    onProgress(count)
    after = pageInfo.endCursor
    if (!pageInfo.hasNextPage) return new Blob(pages, { type: TYPES[format] })
  }
}

function jsonLine(row: unknown): string {
  return `${JSON.stringify(row)}\n`
}

function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvValue).join(',')}\r\n`
}

/** RFC 4180. Spreadsheets would run a text that begins like a formula. */
function csvValue(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = /^[=+\-@\t\r]/.test(text) && typeof value === 'string' ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
