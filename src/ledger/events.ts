// Reads the ledger for consumers: in the order of transaction ids, from a position up to the
// horizon. Below the horizon the records are complete and do not change, so any number of
// statements may read them in batches.
import { type JobState, type JobStateRecord, Prisma } from '../database/generated/client.ts'
import { InvalidCursorError, rangesBetween } from '../database/keyset.ts'
import { DatabaseUnavailableError } from '../database/retryableErrors.ts'
import { and } from '../database/rows/conditions.ts'
import { JOB_STATES } from '../database/rows/tables.ts'
import { InvalidInputError } from './errors.ts'
import { EVENT_ORDER, type OrderKey, type Position, positionOf } from './eventOrder.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { type JobStateRecordFilter, type RecordFacts, recordCondition } from './recordFilter.ts'
import { epochsOfWriting, type Head, isStillValid, requireSameTimeline } from './timelines.ts'

/** The columns of `HeadRow`, from the snapshot of the statement. */
const HEAD = Prisma.sql`(SELECT max(epoch) FROM jobledger.ledger_timelines) AS epoch, jobledger.visible_xmin() AS horizon`

/** Both null while a restore is in progress. */
interface HeadRow {
  epoch: bigint | null
  horizon: bigint | null
}

/** @throws DatabaseUnavailableError while a restore is in progress */
function headOf(row: HeadRow | undefined): Head {
  if (row?.epoch == null || row.horizon == null) throw new DatabaseUnavailableError('The database is being restored.')
  return { epoch: row.epoch, horizon: row.horizon }
}

/** The position of a consumer that has read all records up to the horizon. */
export async function headPosition({ sql }: Ledger): Promise<Position> {
  const { epoch, horizon } = headOf((await sql.query<HeadRow>`SELECT ${HEAD}`)[0])
  return { epoch, transactionId: horizon, id: 0n }
}

/**
 * The position of a client's cursor, on the current timeline.
 *
 * @throws InvalidInputError if the cursor is not a cursor of events, belongs to a timeline that
 * ended before it, or belongs to another ledger
 */
export async function positionOfCursor(
  ledger: Ledger,
  path: string,
  cursor: string,
  readHead = (): Promise<Position> => headPosition(ledger),
): Promise<Position> {
  const check = new InputCheck(ledger.limits)
  const got = `(got "${cursor.slice(0, 50)}").`
  const position = decoded(cursor)
  if (position instanceof InvalidCursorError) {
    check.addIssue(path, `${position.message} ${got} ${PASS}`)
    throw new InvalidInputError(check.issues)
  }
  const { epoch, transactionId: horizon } = await readHead()
  if (!(await isStillValid(ledger, position, { epoch, horizon }))) {
    check.addIssue(path, `${position.epoch === epoch ? AHEAD : ENDED} ${got}`)
    check.throwIfAny()
  }
  return { ...position, epoch }
}

/** What helps after a refusal. */
const PASS = 'Pass the `cursor` of an event, or `latestEventCursor`, or leave it out to start now.'
const RECOVERY =
  'Get a new cursor from `latestEventCursor`, read `jobStateRecords` since your last event, ' +
  'then follow from the new cursor'
const AHEAD = `lies ahead of this ledger, which was set back or is a different ledger. ${RECOVERY}`
const ENDED =
  'belongs to a timeline that has ended: the ledger was restored, failed over, or is a ' +
  `different ledger. ${RECOVERY}`

function decoded(cursor: string): Position | InvalidCursorError {
  try {
    return positionOf(cursor)
  } catch (error) {
    if (error instanceof InvalidCursorError) return error
    throw error
  }
}

/** A complete range of records. */
export interface EventBatch {
  /** The position after its last record. */
  readonly end: Position
  /** No more records below the horizon. */
  readonly isLast: boolean
  readonly isEmpty: boolean
}

/**
 * The range of the next `max` records after a position; shorter at the end.
 *
 * @throws TimelineEndedError if the position is no longer valid
 */
export async function nextBatchEnd(ledger: Ledger, position: Position, max: number): Promise<EventBatch> {
  const [row] = await ledger.sql.query<BatchEndRow>`
    SELECT ${HEAD}, last.transaction_id AS "transactionId", last.id, NOT EXISTS (
      SELECT FROM job_states
      WHERE (transaction_id, id) > (${position.transactionId}, ${position.id}) AND transaction_id < jobledger.visible_xmin()
    ) AS "isEmpty"
    FROM (SELECT) AS one LEFT JOIN LATERAL (
      SELECT transaction_id, id FROM job_states
      WHERE (transaction_id, id) > (${position.transactionId}, ${position.id}) AND transaction_id < jobledger.visible_xmin()
      ORDER BY transaction_id, id OFFSET ${max - 1} LIMIT 1
    ) AS last ON true`
  const head = headOf(row)
  await requireSameTimeline(ledger, position, head)
  const { transactionId = null, id = null, isEmpty = true } = row ?? {}
  const isLast = transactionId === null || id === null
  return { end: isLast ? endOf(head) : { epoch: head.epoch, transactionId, id }, isLast, isEmpty }
}

function endOf({ epoch, horizon }: Head): Position {
  return { epoch, transactionId: horizon, id: 0n }
}

interface BatchEndRow extends HeadRow {
  transactionId: bigint | null
  id: bigint | null
  isEmpty: boolean
}

export interface EventsRequest {
  /** Exclusive. */
  readonly after: Position
  /** Inclusive. Must be below the horizon. */
  readonly upTo: Position
  readonly filter?: JobStateRecordFilter | undefined
  /** Maximum number of records. */
  readonly max: number
  /** Columns and relations to read. Default: every column. */
  readonly select?: Prisma.JobStateRecordSelect | undefined
}

/** A record as consumers read it. It is also the position of a consumer that has read it. */
export type EventRecord = JobStateRecord & {
  readonly epoch: bigint
  /**
   * The timeline on which the record was written; undefined for the first timeline of the ledger.
   */
  readonly laterEpoch: bigint | undefined
}

/**
 * A permanent id of an event. A record that was lost with a timeline and its replacement have
 * different ids.
 */
export function eventIdOf({ jobId, sequence, laterEpoch }: EventRecord): string {
  return laterEpoch === undefined ? `${jobId}:${sequence}` : `${jobId}:${sequence}:${laterEpoch}`
}

/**
 * The first records of a range that match the filter, in order.
 *
 * @throws InvalidInputError if the filter is invalid
 */
export async function readEvents(ledger: Ledger, request: EventsRequest): Promise<EventRecord[]> {
  const { after, upTo, filter, max, select } = request
  // `upTo` is inclusive, but the keyset excludes its bounds.
  const before = [upTo.transactionId, upTo.id + 1n]
  const [range] = rangesBetween(EVENT_ORDER, { after: [after.transactionId, after.id], before })
  const records = await ledger.sql.read<JobStateRecord>(JOB_STATES, {
    where: and([recordCondition(filter, ledger.limits), ...(range ? [range.where] : [])]),
    orderBy: range?.orderBy,
    take: max,
    select: requiredColumns(select),
    // The number of rows varies too much for a generic plan.
    replanEachTime: true,
  })
  return asEvents(ledger, records, upTo.epoch)
}

/** The records that exist at these positions, all on one timeline. In any order. */
export async function readRecords(
  ledger: Ledger,
  positions: readonly Position[],
  select: Prisma.JobStateRecordSelect | undefined,
): Promise<EventRecord[]> {
  const records = await ledger.sql.read<JobStateRecord>(JOB_STATES, {
    where: Prisma.sql`job_states.id = ANY(${positions.map(({ id }) => String(id))}::bigint[])`,
    select: requiredColumns(select),
  })
  return asEvents(ledger, records, positions[0]?.epoch ?? 0n)
}

function requiredColumns(select: Prisma.JobStateRecordSelect | undefined): Prisma.JobStateRecordSelect | undefined {
  return select && { ...select, transactionId: true, id: true, jobId: true, sequence: true }
}

async function asEvents(ledger: Ledger, records: readonly JobStateRecord[], epoch: bigint): Promise<EventRecord[]> {
  const laterEpoch = await epochsOfWriting(ledger, epoch)
  return records.map((record) => ({ ...record, epoch, laterEpoch: laterEpoch(record) }))
}

/** A range of records without their large fields. */
export interface EventHeaders extends Omit<EventBatch, 'isEmpty'> {
  readonly records: (RecordFacts & OrderKey)[]
}

interface EventHeaderRow extends RecordFacts, HeadRow {
  transactionId: bigint
  id: bigint | null
  previousState: JobState | null
}

/**
 * The headers of the next `max` records after a position. Runs one statement.
 *
 * @throws TimelineEndedError if the position is no longer valid
 */
export async function readEventHeaders(ledger: Ledger, position: Position, max: number): Promise<EventHeaders> {
  const rows = await ledger.sql.query<EventHeaderRow>`
    SELECT head.*, records.* FROM (SELECT ${HEAD}) AS head LEFT JOIN LATERAL (
      SELECT transaction_id AS "transactionId", job_states.id, job_id AS "jobId", user_id AS "userId", actor,
        previous_state::text AS "previousState", new_state::text AS "newState", timestamp
      FROM job_states JOIN jobs ON jobs.id = job_states.job_id
      WHERE (transaction_id, job_states.id) > (${position.transactionId}, ${position.id}) AND transaction_id < head.horizon
      ORDER BY transaction_id, job_states.id LIMIT ${max}
    ) AS records ON true
    ORDER BY records."transactionId", records.id`
  const head = headOf(rows[0])
  await requireSameTimeline(ledger, position, head)
  const records = rows.filter((row): row is EventHeaderRow & OrderKey => row.id !== null)
  const last = records.at(-1)
  const isLast = records.length < max
  const end = isLast || !last ? endOf(head) : { epoch: head.epoch, transactionId: last.transactionId, id: last.id }
  return { records, isLast, end }
}
