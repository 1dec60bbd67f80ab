// What an operation returns of the jobs that it changed: the columns that its caller reads, and no more bytes than its answer may have.
// The statement that makes the changes sums the bytes of what it returns, so an answer that is too large is refused before the commit.

import { type Job, Prisma } from '../database/generated/client.ts'
import { and } from '../database/rows/conditions.ts'
import { JOB_RESULTS, JOB_STATES, JOBS, type Table } from '../database/rows/tables.ts'
import { sqlStateOf } from '../database/sqlErrors.ts'
import { AnswerTooLargeError } from './errors.ts'
import { ownerConditions } from './jobFilter.ts'
import type { Ledger } from './ledger.ts'

/** How often the value of each column is in the answer, for one row. */
export type Weights = Readonly<Record<string, number>>

/** What the answer holds of each job. Columns that hold text or JSON of any length are weighed; all else is fixed. */
export interface AnswerShape {
  /** Bytes of all that is fixed: names, numbers, instants. */
  readonly fixedBytes: number
  readonly job: Weights
  /** Of one record of the job. */
  readonly record: Weights
  /** Maximum number of records of the job. */
  readonly records: number
  readonly result: Weights
}

/** The bytes that the answers of one request may still have. */
export class AnswerBudget {
  readonly limitBytes: number
  left: number

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
    this.left = limitBytes
  }
}

/** What is returned of each job. */
export interface JobAnswer {
  /** Fields to read, beside those that the operation needs itself; by default all. */
  readonly fields?: ReadonlySet<string> | undefined
  /** Bounds the answer; by default it has no bound. */
  readonly bound?: { readonly shape: AnswerShape; readonly budget: AnswerBudget } | undefined
}

export const WHOLE_JOB: JobAnswer = {}

/** A relation whose rows are in the answer: each has the columns of jobs, under the name `row`. */
interface Answered {
  readonly row: string
  readonly from: Prisma.Sql
}

export interface JobStatement {
  /** `WITH ...`: the change, as a relation `changed` of whole jobs. */
  readonly changes: Prisma.Sql
  /** Where the rows of the answer come from; by default `changed`. */
  readonly from?: Prisma.Sql
  /** What of it counts as the answer; by default `changed`. */
  readonly answered?: readonly Answered[]
  /** Bytes that the answer has beside them. */
  readonly otherBytes?: number
  /** Columns to return beside those of the job. */
  readonly also?: Prisma.Sql
  readonly orderBy?: Prisma.Sql
  /** Fields that the operation needs itself. */
  readonly needs?: readonly string[]
}

const CHANGED: Answered = { row: 'changed', from: Prisma.sql`changed` }
/** What every operation, and the record of its transition, is known by. */
const ALWAYS = ['id', 'state', 'version']

/**
 * Runs one statement that changes jobs and returns rows of them. Fields that neither the caller nor the operation reads are absent.
 *
 * @throws AnswerTooLargeError, and then nothing was changed; what pg throws
 */
export async function changeJobs<Row = Job>(
  { sql }: Ledger,
  { changes, from, answered = [CHANGED], otherBytes = 0, also, orderBy, needs = [] }: JobStatement,
  { fields, bound }: JobAnswer,
): Promise<Row[]> {
  const columns = jobColumns('changed', fields && [...ALWAYS, ...needs, ...fields])
  const bytes = bound && answerBytes(bound, answered, otherBytes)
  try {
    const found = await sql.query<Row & { answerBytes?: bigint }>(Prisma.sql`
      ${changes} SELECT ${columns}${also ? Prisma.sql`, ${also}` : Prisma.empty}${bytes ? Prisma.sql`, size.bytes AS "answerBytes"` : Prisma.empty}
      FROM ${bytes ? Prisma.sql`(SELECT ${bytes} AS bytes) AS size CROSS JOIN ` : Prisma.empty}${from ?? CHANGED.from}${orderBy ? Prisma.sql` ORDER BY ${orderBy}` : Prisma.empty}`)
    if (bound) bound.budget.left -= Number(found[0]?.answerBytes ?? 0)
    return found
  } catch (error) {
    throw bound ? refusalOf(error, bound.budget) : error
  }
}

/**
 * A job as it is, for the answer of an operation that changes nothing; undefined if there is none, or none of this owner. Where there are
 * synchronous standbys it locks the job, which holds no update up. The lock is written, so it waits until they have all that is answered:
 * what made the operation superfluous, or refuses it, must not be lost when one of them takes over.
 *
 * @throws AnswerTooLargeError; OutcomeUnknownError (runStatement.ts)
 */
export async function jobAsIs(
  ledger: Ledger,
  { jobId, ownerId }: { jobId: string; ownerId?: string | undefined },
  answer: JobAnswer,
): Promise<Job | undefined> {
  const condition = and([Prisma.sql`id = ${jobId}::uuid`, ...ownerConditions({ ownerId })])
  const changes = Prisma.sql`
    WITH confirmed AS (
      SELECT FROM jobs WHERE ${condition} AND current_setting('synchronous_standby_names') <> '' FOR KEY SHARE
    ), changed AS (
      SELECT jobs.* FROM jobs LEFT JOIN confirmed ON true WHERE ${condition}
    )`
  const [job] = await changeJobs(ledger, { changes, needs: ['deletedAt', 'cancelRequestedAt'] }, answer)
  return job
}

/** The bytes of the answer, as an expression that fails where they exceed what is left of the budget. */
function answerBytes(
  { shape, budget }: NonNullable<JobAnswer['bound']>,
  answered: readonly Answered[],
  otherBytes = 0,
): Prisma.Sql {
  const sums = answered.map(
    ({ row, from }) => Prisma.sql`(SELECT coalesce(sum(${bytesOfJob(row, shape)}), 0) FROM ${from})`,
  )
  return Prisma.sql`jobledger.check_response_size((${Prisma.join([...sums, Prisma.sql`${otherBytes}::bigint`], ' + ')})::bigint, ${budget.left}::bigint)`
}

/** The bytes that the answer has of the job in `row`, as an expression. Of records, at least what they will be after the change. */
export function bytesOfJob(row: string, { fixedBytes, job, record, records, result }: AnswerShape): Prisma.Sql {
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

/** What the record of a transition holds, by the fields of the job that say the same. */
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
    if (column === undefined) throw new Error(`There is no column for ${field}.`)
    // The length of a text is known without reading it; JSON is written out.
    const text = Prisma.raw(`${row}.${column.name}${column.type === 'json' ? '::text' : ''}`)
    return Prisma.sql`coalesce(octet_length(${text}), 0) * ${weight}::bigint`
  })
}

/** The select list of a job from the row named `row`: `row.user_id AS "userId", ...`; by default with all fields. */
function jobColumns(row: string, fields: readonly string[] = Object.keys(JOBS.columns)): Prisma.Sql {
  const names = [...new Set(fields)].sort()
  return Prisma.raw(names.map((field) => `${row}.${JOBS.columns[field]?.name} AS "${field}"`).join(', '))
}

function refusalOf(error: unknown, { limitBytes, left }: AnswerBudget): unknown {
  if (sqlStateOf(error) !== 'JL020') return error
  const bytes = Number((error as { detail?: string }).detail)
  return new AnswerTooLargeError(limitBytes - left + bytes, limitBytes)
}
