// Reads the ledger as followers do: in the order of commit, up to the horizon, from wherever the reader has come to. What lies below
// the horizon is complete and does not change, so that it may be read in portions, by as many statements as it takes.
import type { JobState, JobStateRecord, Prisma } from '../database/generated/client.ts'
import { InvalidCursorError, segmentsBetween } from '../database/keyset.ts'
import { allOf } from '../database/rows/conditions.ts'
import { JOB_STATES } from '../database/rows/tables.ts'
import { InvalidInputError } from './errors.ts'
import { EVENT_ORDER, type Position, positionOf } from './eventOrder.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'
import { type JobStateRecordFilter, type RecordFacts, recordCondition } from './recordFilter.ts'

/** Where a reader stands who has read everything up to now. */
export async function currentPosition({ prisma }: Ledger): Promise<Position> {
  const [row] = await prisma.$queryRaw<[{ horizon: bigint }]>`SELECT jobledger_horizon() AS horizon`
  return { transactionId: row.horizon, id: 0n }
}

/**
 * The position of a cursor that a client brings.
 *
 * @throws InvalidInputError for what is no cursor of events, and for one that lies ahead of the ledger: it is of another ledger, or of
 * this one before it was set back to an earlier day
 */
export async function positionOfCursor(ledger: Ledger, path: string, cursor: string): Promise<Position> {
  const check = new InputCheck(ledger.limits)
  const came = `"${cursor.slice(0, 50)}" came.`
  const position = decoded(cursor)
  if (position instanceof InvalidCursorError) {
    check.refuse(path, `${position.message} ${came}`)
    throw new InvalidInputError(check.issues)
  }
  if (position.transactionId > (await currentPosition(ledger)).transactionId) {
    check.refuse(path, `lies ahead of this ledger: it is of another one, or of this one before a restore. ${came}`)
    check.done()
  }
  return position
}

function decoded(cursor: string): Position | InvalidCursorError {
  try {
    return positionOf(cursor)
  } catch (error) {
    if (error instanceof InvalidCursorError) return error
    throw error
  }
}

/** A part of the ledger that is complete. */
export interface Portion {
  /** The position behind its last record. */
  readonly end: Position
  /** There is nothing more below the horizon. */
  readonly isLast: boolean
  readonly isEmpty: boolean
}

/** The next `most` records behind a position, whatever they are; fewer at the end. */
export async function portionBehind({ prisma }: Ledger, position: Position, most: number): Promise<Portion> {
  const [row] = await prisma.$queryRaw<[PortionRow]>`
    SELECT jobledger_horizon() AS horizon, last.transaction_id AS "transactionId", last.id, NOT EXISTS (
      SELECT FROM job_states
      WHERE (transaction_id, id) > (${position.transactionId}, ${position.id}) AND transaction_id < jobledger_horizon()
    ) AS "isEmpty"
    FROM (SELECT) AS one LEFT JOIN LATERAL (
      SELECT transaction_id, id FROM job_states
      WHERE (transaction_id, id) > (${position.transactionId}, ${position.id}) AND transaction_id < jobledger_horizon()
      ORDER BY transaction_id, id OFFSET ${most - 1} LIMIT 1
    ) AS last ON true`
  const { horizon, transactionId, id, isEmpty } = row
  if (transactionId === null || id === null) return { end: { transactionId: horizon, id: 0n }, isLast: true, isEmpty }
  return { end: { transactionId, id }, isLast: false, isEmpty }
}

interface PortionRow {
  horizon: bigint
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

/**
 * The first records of a portion that the filter admits, in order.
 *
 * @throws InvalidInputError for a bad filter
 */
export async function readEvents({ rows, limits }: Ledger, request: EventsRequest): Promise<JobStateRecord[]> {
  const { behind, upTo, filter, most, select } = request
  // The end is a part of the portion; the keyset leaves its bounds out.
  const before = [upTo.transactionId, upTo.id + 1n]
  const [segment] = segmentsBetween(EVENT_ORDER, { after: [behind.transactionId, behind.id], before })
  return rows.read<JobStateRecord>(JOB_STATES, {
    where: allOf([recordCondition(filter, limits), ...(segment ? [segment.where] : [])]),
    orderBy: segment?.orderBy,
    take: most,
    select: select && { ...select, transactionId: true, id: true },
    // How many are read at once changes all the time.
    isPlannedByValues: true,
  })
}

/** What the records of a portion are about, without what may be large. */
export interface Facts extends Omit<Portion, 'isEmpty'> {
  readonly records: (RecordFacts & Position)[]
}

interface FactsRow extends RecordFacts {
  horizon: bigint
  transactionId: bigint
  id: bigint | null
  previousState: JobState | null
}

/** What the next `most` records behind a position are about. One statement. */
export async function readFacts({ prisma }: Ledger, position: Position, most: number): Promise<Facts> {
  const rows = await prisma.$queryRaw<FactsRow[]>`
    SELECT horizon.value AS horizon, records.* FROM (SELECT jobledger_horizon() AS value) AS horizon LEFT JOIN LATERAL (
      SELECT transaction_id AS "transactionId", job_states.id, job_id AS "jobId", user_id AS "userId", actor,
        previous_state::text AS "previousState", new_state::text AS "newState", timestamp
      FROM job_states JOIN jobs ON jobs.id = job_states.job_id
      WHERE (transaction_id, job_states.id) > (${position.transactionId}, ${position.id}) AND transaction_id < horizon.value
      ORDER BY transaction_id, job_states.id LIMIT ${most}
    ) AS records ON true
    ORDER BY records."transactionId", records.id`
  const records = rows.filter((row): row is FactsRow & Position => row.id !== null)
  const last = records.at(-1)
  const isLast = records.length < most
  const horizon = rows[0]?.horizon ?? position.transactionId
  return { records, isLast, end: isLast || !last ? { transactionId: horizon, id: 0n } : last }
}
