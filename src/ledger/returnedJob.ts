// Returns the changed jobs from an operation: only the columns that its caller reads, and only if
// they fit into the response. The statement that makes the changes also sums the bytes that it
// returns, so it fails before the commit if the response is too large.

import { type Job, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { JOB_RESULTS, JOB_STATES, JOBS, type Table } from '../database/rows/tables.ts'
import { sqlStateOf } from '../database/sqlErrors.ts'
import { ResponseTooLargeError } from './errors.ts'
import { ownerConditions } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'

/** How often the value of each column appears in the response, per row. */
export type Weights = Readonly<Record<string, number>>

/**
 * The size of one job in the response: fixed bytes plus weights of the columns of variable length
 * (text and JSON).
 */
export interface ResponseShape {
  /** Bytes of names, numbers and instants. */
  readonly fixedBytes: number
  readonly job: Weights
  /** For one record of the job. */
  readonly record: Weights
  /** Maximum number of records of the job. */
  readonly records: number
  readonly result: Weights
}

/** The number of bytes that the response to one request may still use. */
export class ResponseBudget {
  readonly limitBytes: number
  left: number
  private last: Promise<unknown> = Promise.resolve()

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
    this.left = limitBytes
  }

  /** Runs `work` after that of earlier calls, so that it knows what they have used. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work)
    this.last = result.catch(() => undefined)
    return result
  }
}

/** Which fields of a job an operation returns, and the size limit of the response. */
export interface ReturnedJob {
  /** Fields to read, in addition to those that the operation needs itself. Default: all. */
  readonly fields?: ReadonlySet<string> | undefined
  /** Limits the size of the response. Default: unlimited. */
  readonly bound?: { readonly shape: ResponseShape; readonly budget: ResponseBudget } | undefined
}

export const WHOLE_JOB: ReturnedJob = {}

/**
 * A relation whose rows are in the response. Its rows are named `row` and have the columns of jobs.
 */
interface MeasuredRows {
  readonly row: string
  readonly from: Prisma.Sql
}

export interface JobStatement {
  /** A WITH clause that makes the change and defines the relation `changed` of whole jobs. */
  readonly changes: Prisma.Sql
  /** The FROM clause of the returned rows. Default: `changed`. */
  readonly from?: Prisma.Sql
  /** The relations whose bytes count. Default: `changed`. */
  readonly measured?: readonly MeasuredRows[]
  /** Other bytes of the response. */
  readonly otherBytes?: number
  /** Columns to return in addition to those of the job. */
  readonly also?: Prisma.Sql
  readonly orderBy?: Prisma.Sql
  /** Fields that the operation needs itself. */
  readonly needs?: readonly string[]
}

const CHANGED: MeasuredRows = { row: 'changed', from: Prisma.sql`changed` }
/**
 * Fields that every operation returns, because they identify the job and the record of its
 * transition.
 */
const ALWAYS = ['id', 'state', 'version']

/**
 * Runs one statement that changes jobs and returns their rows. Rows lack the fields that neither
 * the caller nor the operation reads.
 *
 * @throws ResponseTooLargeError (then nothing was changed); errors of the database
 */
export async function changeJobs<Row = Job>(
  { sql }: Ledger,
  { changes, from, measured = [CHANGED], otherBytes = 0, also, orderBy, needs = [] }: JobStatement,
  { fields, bound }: ReturnedJob,
): Promise<Row[]> {
  const columns = jobColumns('changed', fields && [...ALWAYS, ...needs, ...fields])
  const bytes = bound && responseBytes(bound, measured, otherBytes)
  try {
    const found = await sql.query<Row & { responseBytes?: bigint }>(Prisma.sql`
      ${changes} SELECT ${columns}${also ? Prisma.sql`, ${also}` : Prisma.empty}${bytes ? Prisma.sql`, size.bytes AS "responseBytes"` : Prisma.empty}
      FROM ${bytes ? Prisma.sql`(SELECT ${bytes} AS bytes) AS size CROSS JOIN ` : Prisma.empty}${from ?? CHANGED.from}${orderBy ? Prisma.sql` ORDER BY ${orderBy}` : Prisma.empty}`)
    if (bound) bound.budget.left -= Number(found[0]?.responseBytes ?? 0)
    return found
  } catch (error) {
    throw bound ? refusalOf(error, bound.budget) : error
  }
}

/**
 * The current job, for an operation that changes nothing. Undefined if it does not exist or belongs
 * to another owner. With synchronous standbys this locks the job in a mode that does not block
 * updates. The lock is written to the WAL, so the commit waits until a standby has everything that
 * the response shows. Otherwise the change that made the operation unnecessary, or impossible,
 * could be lost when the standby takes over.
 *
 * @throws ResponseTooLargeError; OutcomeUnknownError (runStatement.ts)
 */
export async function currentJob(
  ledger: Ledger,
  { jobId, ownerId }: { jobId: string; ownerId?: string | undefined },
  returned: ReturnedJob,
): Promise<Job | undefined> {
  const condition = and([Prisma.sql`id = ${jobId}::uuid`, ...ownerConditions({ ownerId })])
  const changes = Prisma.sql`
    WITH confirmed AS (
      SELECT FROM jobs WHERE ${condition} AND current_setting('synchronous_standby_names') <> '' FOR KEY SHARE
    ), changed AS (
      SELECT jobs.* FROM jobs LEFT JOIN confirmed ON true WHERE ${condition}
    )`
  const [job] = await changeJobs(ledger, { changes, needs: ['deletedAt', 'cancelRequestedAt'] }, returned)
  return job
}

/**
 * An expression for the bytes of the response. It raises an error if they exceed the rest of the
 * budget.
 */
function responseBytes(
  { shape, budget }: NonNullable<ReturnedJob['bound']>,
  measured: readonly MeasuredRows[],
  otherBytes = 0,
): Prisma.Sql {
  const sums = measured.map(
    ({ row, from }) => Prisma.sql`(SELECT coalesce(sum(${bytesOfJob(row, shape)}), 0) FROM ${from})`,
  )
  return Prisma.sql`jobledger.check_response_size((${Prisma.join([...sums, Prisma.sql`${otherBytes}::bigint`], ' + ')})::bigint, ${budget.left}::bigint)`
}

/**
 * An expression for the bytes of the job in `row` in the response. For records, an upper bound
 * after the change.
 */
export function bytesOfJob(row: string, { fixedBytes, job, record, records, result }: ResponseShape): Prisma.Sql {
  const parts = [Prisma.sql`${fixedBytes}::bigint`, ...weighed(JOBS, row, job)]
  if (Object.keys(record).length > 0) {
    const own = weighed(JOBS, row, renamed(record))
    const one = Prisma.join(weighed(JOB_STATES, 'job_states', record), ' + ')
    parts.push(
      ...own,
      Prisma.sql`(SELECT coalesce(least(sum(bytes), max(bytes) * ${records}::bigint), 0)
        FROM (SELECT ${one} AS bytes FROM job_states WHERE job_id = ${Prisma.raw(row)}.id) AS record)`,
    )
  }
  if (Object.keys(result).length > 0) {
    const all = Prisma.join(weighed(JOB_RESULTS, 'job_results', result), ' + ')
    parts.push(Prisma.sql`coalesce((SELECT ${all} FROM job_results WHERE job_id = ${Prisma.raw(row)}.id), 0)`)
  }
  return Prisma.join(parts, ' + ')
}

/** Maps fields of the latest record to the fields of the job that have the same value. */
export const RECORD_IN_JOB: Readonly<Record<string, string>> = {
  reason: 'stateReason',
  stateMetadata: 'stateMetadata',
  actor: 'stateActor',
  error: 'stateError',
}

function renamed(record: Weights): Weights {
  return Object.fromEntries(
    Object.entries(record).flatMap(([field, weight]) => {
      const known = RECORD_IN_JOB[field]
      return known === undefined ? [] : [[known, weight]]
    }),
  )
}

function weighed({ columns }: Table, row: string, weights: Weights): Prisma.Sql[] {
  return Object.entries(weights).map(([field, weight]) => {
    const column = columns[field]
    if (column === undefined) throw new Error(`Field ${field} has no column.`)
    // PostgreSQL knows the length of a text without reading it, but must convert JSON to text.
    const text = Prisma.raw(`${row}.${column.name}${column.type === 'json' ? '::text' : ''}`)
    return Prisma.sql`coalesce(octet_length(${text}), 0) * ${weight}::bigint`
  })
}

/**
 * The select list of a job from the row named `row`: `row.user_id AS "userId", ...`; default: all
 * fields.
 */
function jobColumns(row: string, fields: readonly string[] = Object.keys(JOBS.columns)): Prisma.Sql {
  const names = [...new Set(fields)].sort()
  return Prisma.raw(names.map((field) => `${row}.${JOBS.columns[field]?.name} AS "${field}"`).join(', '))
}

function refusalOf(error: unknown, { limitBytes, left }: ResponseBudget): unknown {
  if (sqlStateOf(error) !== 'JL020') return error
  const bytes = Number((error as { detail?: string }).detail)
  return new ResponseTooLargeError(limitBytes - left + bytes, limitBytes)
}
