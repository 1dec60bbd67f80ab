// `jobledger jobs list` and `jobledger jobs show`.
import {
  ListJobsDocument,
  type ListJobsQuery,
  ShowJobDocument,
  type ShowJobQuery,
} from '../../client/documents.generated.ts'
import { readClientConfig } from '../../config.ts'
import { apiSender } from '../apiSender.ts'
import { print } from '../output.ts'
import { UsageError } from '../program/usageError.ts'
import { tableText } from '../table.ts'
import { FILTER_OPTIONS, type FilterOptions, filterOf } from './filterOptions.ts'
import { type PageStart, rowsOfPages } from './rowsOfPages.ts'

export interface ShowJobOptions {
  /** Prints JSON; by default tables. */
  readonly json: boolean
  /** The endpoint of the server; by default from the environment. */
  readonly url?: string
}

export interface ListJobsOptions extends FilterOptions, ShowJobOptions {
  /** Maximum number of jobs. */
  readonly limit: number
  readonly order: 'created' | 'updated' | 'completed'
  readonly oldestFirst: boolean
}

type ListedJob = ListJobsQuery['jobs']['nodes'][number]

/** Prints jobs, by default the newest first. @throws UsageError, OutputError */
export async function listJobs(options: ListJobsOptions): Promise<void> {
  const filter = filterOf(options)
  const send = apiSender(readClientConfig(options.url), FILTER_OPTIONS)
  const orderBy = {
    field: ({ created: 'CREATED_AT', updated: 'UPDATED_AT', completed: 'COMPLETED_AT' } as const)[options.order],
    direction: options.oldestFirst ? ('ASC' as const) : ('DESC' as const),
  }
  const load = async (at: PageStart) => (await send(ListJobsDocument, { filter, orderBy, ...at })).jobs
  const jobs: ListedJob[] = []
  for await (const job of rowsOfPages(load, options.limit)) {
    if (!options.json) jobs.push(job)
    else if (!(await print(JSON.stringify(job)))) return
  }
  if (!options.json) await print(jobs.length === 0 ? 'No job matches.' : tableText(jobs.map(rowOf)))
}

function rowOf({ jobId, state, deletedAt, userId, preset, createdAt, updatedAt, stateActor, stateReason }: ListedJob) {
  return {
    job: jobId,
    state: deletedAt === null ? state : 'deleted',
    user: userId,
    preset: preset ?? '',
    created: createdAt,
    changed: updatedAt,
    by: stateActor,
    reason: stateReason ?? '',
  }
}

type ShownJob = NonNullable<ShowJobQuery['job']>

/** Prints a job with its history and result. @throws UsageError, OutputError */
export async function showJob(id: string, { json, url }: ShowJobOptions): Promise<void> {
  const { job } = await apiSender(readClientConfig(url))(ShowJobDocument, { id })
  if (!job) throw new UsageError(`Job ${id} does not exist.`)
  await print(json ? JSON.stringify(job, null, 2) : textOf(job))
}

function textOf({ stateHistory, result, ...job }: ShownJob): string {
  const fields = Object.entries(job).filter(([, value]) => value !== null)
  const rows = fields.map(([field, value]) => ({
    field,
    value: typeof value === 'object' ? JSON.stringify(value) : String(value),
  }))
  const records = stateHistory.nodes.map((record) => ({
    record: record.sequence,
    from: record.previousState ?? '',
    to: record.newState,
    'after ms': record.previousStateDurationMs ?? '',
    by: record.actor,
    reason: record.reason ?? '',
    error: record.error ?? '',
    at: record.timestamp,
  }))
  const omitted = stateHistory.totalCount - stateHistory.nodes.length
  return [
    tableText(rows),
    '',
    tableText(records),
    ...(omitted > 0 ? [`${omitted} earlier records are not shown.`] : []),
    '',
    result === null ? 'No result.' : `Result: ${JSON.stringify(result)}`,
  ].join('\n')
}
