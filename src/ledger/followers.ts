// Those who follow the ledger and must not lose their place: how far each has come, and how far it is behind.
import type { Position } from './eventOrder.ts'
import type { Ledger } from './ledger.ts'

export interface FollowerState {
  readonly name: string
  readonly position: Position
  /** When it last moved on. */
  readonly updatedAt: Date
  /** How many records it has still to read, counted up to `MOST_COUNTED`. */
  readonly lagRecords: number
  /** The age of the first record that it has still to read; 0 if there is none. */
  readonly lagSeconds: number
}

/** More records than this are not counted: an index of millions would be read for the sake of a number. */
export const MAX_COUNTED = 100_000

/** Where a follower has come to; undefined if it never began. What the database keeps is of its own timeline. */
export async function followerPosition({ prisma }: Ledger, name: string): Promise<Position | undefined> {
  const [position] = await prisma.$queryRaw<Position[]>`
    SELECT (SELECT max(epoch) FROM ledger_timelines) AS epoch, transaction_id AS "transactionId", record_id AS id
    FROM followers WHERE name = ${name}`
  return position
}

/** Keeps where a follower begins, unless it has begun already. */
export async function beginFollower({ prisma }: Ledger, name: string, at: Position): Promise<void> {
  await prisma.$executeRaw`
    INSERT INTO followers (name, transaction_id, record_id, updated_at) VALUES (${name}, ${at.transactionId}, ${at.id}, now())
    ON CONFLICT (name) DO NOTHING`
}

/** Moves a follower on, if it stands where the caller believes. False: somebody else has moved it. */
export async function moveFollower({ prisma }: Ledger, name: string, from: Position, to: Position): Promise<boolean> {
  const moved = await prisma.$executeRaw`
    UPDATE followers SET transaction_id = ${to.transactionId}, record_id = ${to.id}, updated_at = now()
    WHERE name = ${name} AND transaction_id = ${from.transactionId} AND record_id = ${from.id}`
  return moved === 1
}

/** Every follower, by name. One statement. */
export async function listFollowers({ prisma }: Ledger): Promise<FollowerState[]> {
  const rows = await prisma.$queryRaw<(Omit<FollowerState, 'position'> & Position)[]>`
    SELECT name, (SELECT max(epoch) FROM ledger_timelines) AS epoch, transaction_id AS "transactionId", record_id AS id, updated_at AS "updatedAt", (
      SELECT count(*)::integer FROM (SELECT FROM job_states
        WHERE (job_states.transaction_id, job_states.id) > (followers.transaction_id, followers.record_id)
        LIMIT ${MAX_COUNTED}) AS unread
    ) AS "lagRecords", coalesce((
      SELECT greatest(extract(epoch FROM now() - timestamp), 0)::double precision FROM job_states
      WHERE (job_states.transaction_id, job_states.id) > (followers.transaction_id, followers.record_id)
      ORDER BY transaction_id, id LIMIT 1
    ), 0) AS "lagSeconds"
    FROM followers ORDER BY name`
  return rows.map(({ epoch, transactionId, id, ...facts }) => ({ ...facts, position: { epoch, transactionId, id } }))
}
