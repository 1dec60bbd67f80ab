// Exports the jobs of a filter, page by page, so that the browser holds no more than the file.
import { ExportJobsDocument, type ExportJobsQuery } from '../api/documents.generated.ts'
import { request } from '../api/request.ts'
import { pageSize } from '../api/session.ts'
import { type ListRequest, withStates } from './listAddress.ts'

export type ExportFormat = 'csv' | 'ndjson'
type ExportedJob = ExportJobsQuery['jobs']['nodes'][number]

const MAX_PAGE_SIZE = 100
const TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const

export interface ExportOptions {
  readonly format: ExportFormat
  readonly signal: AbortSignal
  /** Called after each page with the number of jobs so far. */
  onProgress(jobs: number): void
}

/** Resolves to the file. @throws ApiError; the reason of `signal` */
export async function exportJobs(list: ListRequest, { format, signal, onProgress }: ExportOptions): Promise<Blob> {
  const { field, direction } = list.order
  const variables = {
    filter: withStates(list.filter, list.states),
    orderBy: { field, direction },
    first: pageSize(MAX_PAGE_SIZE),
  }
  // Browsers keep large blobs on disk.
  const pages = [new Blob(format === 'csv' ? [csvLine(COLUMNS)] : [])]
  let count = 0
  for (let after: string | null = null; ; ) {
    const { jobs }: ExportJobsQuery = await request(ExportJobsDocument, { ...variables, after }, { signal })
    pages.push(new Blob(jobs.nodes.map(format === 'csv' ? csvOf : jsonLine)))
    count += jobs.nodes.length
    onProgress(count)
    after = jobs.pageInfo.endCursor
    if (!jobs.pageInfo.hasNextPage) return new Blob(pages, { type: TYPES[format] })
  }
}

function jsonLine(job: ExportedJob): string {
  return `${JSON.stringify(job)}\n`
}

const COLUMNS = [
  'jobId',
  'state',
  'userId',
  'preset',
  'content',
  'metadata',
  'attempt',
  'maxAttempts',
  'priority',
  'createdAt',
  'runAt',
  'startedAt',
  'completedAt',
  'updatedAt',
  'deletedAt',
  'version',
  'stateActor',
  'stateReason',
  'stateMetadata',
] as const satisfies (keyof ExportedJob)[]

function csvOf(job: ExportedJob): string {
  return csvLine(COLUMNS.map((column) => job[column]))
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
