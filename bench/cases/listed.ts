// Lists as the API and as SQL express them, and the lists that an index serves.
import { BUSY_USER } from '../rows.ts'

export interface List {
  readonly name: string
  readonly title: string
  /** An operation with the variable `after`. */
  readonly query: string
  readonly variables: object
  /** The fields that identify a row, in the data of a response and in SQL. */
  idsOf(data: never): string[]
  readonly id: string
  /** Table and condition in SQL. */
  readonly from: string
  readonly orderBy: string
  /** The values of its cursors, and their order. */
  readonly key: readonly string[]
  readonly cursor: string
  readonly direction: 'asc' | 'desc'
  /** Number of rows of a page. Default: 20. */
  readonly size?: number
}

const ORDERS = {
  CREATED_AT: { column: 'id', key: ['id'] },
  UPDATED_AT: { column: 'updated_at', key: ['updated_at', 'id'] },
  COMPLETED_AT: { column: 'completed_at', key: ['completed_at', 'id'] },
} as const

interface JobList {
  readonly name: string
  readonly title: string
  readonly filter?: object
  /** The filter in SQL. Deleted jobs are always left out. */
  readonly where?: string
  readonly order?: keyof typeof ORDERS
  readonly direction?: 'ASC' | 'DESC'
  readonly includeDeleted?: boolean
}

const JOBS = `query Jobs($filter: JobFilter, $orderBy: JobOrder, $after: String) {
  jobs(filter: $filter, orderBy: $orderBy, first: 20, after: $after) { nodes { jobId userId state createdAt } } }`
const RECORDS = `query Records($filter: JobStateRecordFilter, $after: String) {
  jobStateRecords(filter: $filter, first: 20, after: $after) { nodes { id sequence newState actor timestamp } } }`
const STUCK =
  'query Stuck($after: String) { stuckJobs(first: 20, after: $after) { nodes { jobId userId state startedAt } } }'

export function jobList({ order = 'CREATED_AT', direction = 'DESC', ...list }: JobList): List {
  const { column, key } = ORDERS[order]
  const conditions = [list.includeDeleted ? [] : ['deleted_at IS NULL'], list.where ?? []].flat()
  return {
    name: list.name,
    title: list.title,
    query: JOBS,
    variables: { filter: list.filter, orderBy: { field: order, direction } },
    idsOf: ({ jobs }: { jobs: { nodes: { jobId: string }[] } }) => jobs.nodes.map(({ jobId }) => jobId),
    id: 'id',
    from: conditions.length > 0 ? `jobs WHERE ${conditions.join(' AND ')}` : 'jobs',
    orderBy: `${column} ${direction} NULLS LAST, id ${direction}`,
    key,
    cursor: `jobs.${order}`,
    direction: direction === 'ASC' ? 'asc' : 'desc',
  }
}

interface RecordList {
  readonly name: string
  readonly title: string
  readonly filter?: object
  readonly where?: string
}

export function recordList({ name, title, filter, where = 'true' }: RecordList): List {
  return {
    ...{ name, title },
    query: RECORDS,
    variables: { filter },
    // The global id ends in the database id.
    idsOf: ({ jobStateRecords }: { jobStateRecords: { nodes: { id: string }[] } }) =>
      jobStateRecords.nodes.map(({ id }) => Buffer.from(id, 'base64').toString().split(':')[1] ?? id),
    id: 'id',
    from: `job_states WHERE ${where}`,
    orderBy: '"timestamp" DESC, id DESC',
    key: ['"timestamp"', 'id'],
    cursor: 'records',
    direction: 'desc',
  }
}

const STUCK_JOBS: List = {
  name: 'stuck',
  title: 'stuckJobs',
  query: STUCK,
  variables: {},
  idsOf: ({ stuckJobs }: { stuckJobs: { nodes: { jobId: string }[] } }) => stuckJobs.nodes.map(({ jobId }) => jobId),
  id: 'id',
  from: `jobs WHERE state = 'PROCESSING' AND started_at < now() - interval '1 hour'`,
  orderBy: 'started_at, id',
  key: ['started_at', 'id'],
  cursor: 'stuckJobs',
  direction: 'asc',
}

export const BUSY = { filter: { userId: BUSY_USER }, where: `user_id = '${BUSY_USER}'` }
export const COMPLETED = { filter: { states: ['COMPLETED'] }, where: `state = 'COMPLETED'` }

/** The orders and the filters that an index serves. */
export function deepLists(): List[] {
  const orders = (['CREATED_AT', 'UPDATED_AT', 'COMPLETED_AT'] as const).flatMap((order) =>
    (['DESC', 'ASC'] as const).map((direction) => {
      const name = `${order.replace('_AT', '')}-${direction}`.toLowerCase()
      return jobList({ name, title: `jobs by ${order} ${direction}`, order, direction })
    }),
  )
  return [
    ...orders,
    jobList({ name: 'user', title: 'jobs of one user', ...BUSY }),
    jobList({ name: 'state', title: 'jobs in one state', ...COMPLETED }),
    recordList({ name: 'records', title: 'jobStateRecords' }),
    STUCK_JOBS,
  ]
}
