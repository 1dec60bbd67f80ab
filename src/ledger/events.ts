// Reads the ledger as consumers do: in the order of commit, up to the horizon, from wherever the reader has come to. What lies below
// the horizon is complete and does not change, so that it may be read in portions, by as many statements as it takes.
import { type JobState, type JobStateRecord, Prisma } from '../database/generated/client.ts'
import { InvalidCursorError, segmentsBetween } from '../database/keyset.ts'
import { DatabaseUnavailableError } from '../database/retryableErrors.ts'
import { and } from '../database/rows/conditions.ts'
import { JOB_STATES } from '../database/rows/tables.ts'
import { InvalidInputError } from './errors.ts'
import { EVENT_ORDER, type OrderKey, type Position, positionOf } from './eventOrder.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { type JobStateRecordFilter, type RecordFacts, recordCondition } from './recordFilter.ts'
import { epochsOfWriting, type Head, isStillValid, requireSameTimeline } from './timelines.ts'

/** The columns of `HeadRow`, of the snapshot of the statement. */
const HEAD = Prisma.sql`(SELECT max(epoch) FROM jobledger.ledger_timelines) AS epoch, jobledger.visible_xmin() AS horizon`

/** Nulls while a restore is under way. */
interface HeadRow {
  epoch: bigint | null
  horizon: bigint | null
}

/** @throws DatabaseUnavailableError while a restore is under way */
function headOf(row: HeadRow | undefined): Head {
  if (row?.epoch == null || row.horizon == null) throw new DatabaseUnavailableError('The database is being restored.')
  return { epoch: row.epoch, horizon: row.horizon }
}

/** Where a reader stands who has read everything up to now. */
export async function headPosition({ sql }: Ledger): Promise<Position> {
  const { epoch, horizon } = headOf((await sql.query<HeadRow>`SELECT ${HEAD}`)[0])
  return { epoch, transactionId: horizon, id: 0n }
}

/**
 * The position of a cursor that a client brings, on the current timeline.
 *
 * @throws InvalidInputError for what is no cursor of events, and for one of a timeline that ended before it, or of another ledger
 */
export async function positionOfCursor(ledger: Ledger, path: string, cursor: string): Promise<Position> {
  const check = new InputCheck(ledger.limits)
  const given = `(got "${cursor.slice(0, 50)}").`
  const position = decoded(cursor)
  if (position instanceof InvalidCursorError) {
    check.addIssue(path, `${position.message} "${cursor.slice(0, 50)}" came.`)
    throw new InvalidInputError(check.issues)
  }
  const { epoch, transactionId: horizon } = await headPosition(ledger)
  if (!(await isStillValid(ledger, position, { epoch, horizon }))) {
    check.addIssue(path, `${position.epoch === epoch ? AHEAD : ENDED} ${given}`)
    check.throwIfAny()
  }
  return { ...position, epoch }
}

const RECOVERY =
  'Get a new cursor from `latestEventCursor`, read `jobStateRecords` since your last event, then follow from the new cursor'
const AHEAD = `lies ahead of this ledger, which was set back or is another one. ${RECOVERY}`
const ENDED = `belongs to a timeline that has ended: the ledger was restored or failed over, or is another one. ${RECOVERY}`

function decoded(cursor: string): Position | InvalidCursorError {
  try {
    return positionOf(cursor)
  } catch (error) {
    if (error instanceof InvalidCursorError) return error
    throw error
  }
}

/** A part of the ledger that is complete. */
export interface EventBatch {
  /** The position behind its last record. */
  readonly end: Position
  /** There is nothing more below the horizon. */
  readonly isLast: boolean
  readonly isEmpty: boolean
}

/**
 * The next `most` records behind a position, whatever they are; fewer at the end.
 *
 * @throws TimelineEndedError if the position no longer holds
 */
export async function nextBatchEnd(ledger: Ledger, position: Position, most: number): Promise<EventBatch> {
  const [row] = await ledger.sql.query<PortionRow>`
    SELECT ${HEAD}, last.transaction_id AS "transactionId", last.id, NOT EXISTS (
      SELECT FROM job_states
      WHERE (transaction_id, id) > (${position.transactionId}, ${position.id}) AND transaction_id < jobledger.visible_xmin()
    ) AS "isEmpty"
    FROM (SELECT) AS one LEFT JOIN LATERAL (
      SELECT transaction_id, id FROM job_states
      WHERE (transaction_id, id) > (${position.transactionId}, ${position.id}) AND transaction_id < jobledger.visible_xmin()
      ORDER BY transaction_id, id OFFSET ${most - 1} LIMIT 1
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

interface PortionRow extends HeadRow {
  transactionId: bigint | null
  id: bigint | null
  isEmpty: boolean
}

export interface EventsRequest {
  readonly behind: Position
  /** Up to this position, which lies below the horizon. */
  readonly upTo: Position
  readonly filter?: JobStateRecordFilter | undefined
  /** So many records at most. */
  readonly most: number
  /** Which columns and relations to read; by default every column. */
  readonly select?: Prisma.JobStateRecordSelect | undefined
}

/** A record as consumers read it: the position of a reader that has read it, too. */
export type EventRecord = JobStateRecord & {
  readonly epoch: bigint
  /** The timeline on which it was written; undefined for the first timeline of the ledger. */
  readonly laterEpoch: bigint | undefined
}

/** Names an event for good: a record that was lost with a timeline and the one in its place have different ids. */
export function eventIdOf({ jobId, sequence, laterEpoch }: EventRecord): string {
  return laterEpoch === undefined ? `${jobId}:${sequence}` : `${jobId}:${sequence}:${laterEpoch}`
}

/**
 * The first records of a portion that the filter admits, in order.
 *
 * @throws InvalidInputError for a bad filter
 */
export async function readEvents(ledger: Ledger, request: EventsRequest): Promise<EventRecord[]> {
  const { behind, upTo, filter, most, select } = request
  // The end is a part of the portion; the keyset leaves its bounds out.
  const before = [upTo.transactionId, upTo.id + 1n]
  const [segment] = segmentsBetween(EVENT_ORDER, { after: [behind.transactionId, behind.id], before })
  const records = await ledger.sql.read<JobStateRecord>(JOB_STATES, {
    where: and([recordCondition(filter, ledger.limits), ...(segment ? [segment.where] : [])]),
    orderBy: segment?.orderBy,
    take: most,
    select: requiredColumns(select),
    // How many are read at once changes all the time.
    replanEachTime: true,
  })
  return asEvents(ledger, records, upTo.epoch)
}

/** The records at these positions of one timeline that are there, in any order. */
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

/** What the records of a portion are about, without what may be large. */
export interface EventHeaders extends Omit<EventBatch, 'isEmpty'> {
  readonly records: (RecordFacts & OrderKey)[]
}

interface EventHeaderRow extends RecordFacts, HeadRow {
  transactionId: bigint
  id: bigint | null
  previousState: JobState | null
}

/**
 * What the next `most` records behind a position are about. One statement.
 *
 * @throws TimelineEndedError if the position no longer holds
 */
export async function readEventHeaders(ledger: Ledger, position: Position, most: number): Promise<EventHeaders> {
  const rows = await ledger.sql.query<EventHeaderRow>`
    SELECT head.*, records.* FROM (SELECT ${HEAD}) AS head LEFT JOIN LATERAL (
      SELECT transaction_id AS "transactionId", job_states.id, job_id AS "jobId", user_id AS "userId", actor,
        previous_state::text AS "previousState", new_state::text AS "newState", timestamp
      FROM job_states JOIN jobs ON jobs.id = job_states.job_id
      WHERE (transaction_id, job_states.id) > (${position.transactionId}, ${position.id}) AND transaction_id < head.horizon
      ORDER BY transaction_id, job_states.id LIMIT ${most}
    ) AS records ON true
    ORDER BY records."transactionId", records.id`
  const head = headOf(rows[0])
  await requireSameTimeline(ledger, position, head)
  const records = rows.filter((row): row is EventHeaderRow & OrderKey => row.id !== null)
  const last = records.at(-1)
  const isLast = records.length < most
  const end = isLast || !last ? endOf(head) : { epoch: head.epoch, transactionId: last.transactionId, id: last.id }
  return { records, isLast, end }
}
