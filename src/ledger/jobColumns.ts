// The columns of a job as plain SQL names them, so that the few statements that Prisma cannot express return the same shape as
// Prisma does. The compiler compares the list with the model.
import { type Job, Prisma } from '../database/generated/client.ts'

const COLUMNS = {
  id: 'id',
  userId: 'user_id',
  content: 'content',
  preset: 'preset',
  state: 'state',
  version: 'version',
  stateReason: 'state_reason',
  stateActor: 'state_actor',
  stateMetadata: 'state_metadata',
  metadata: 'metadata',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  startedAt: 'started_at',
  completedAt: 'completed_at',
  deletedAt: 'deleted_at',
  idempotencyKey: 'idempotency_key',
  requestHash: 'request_hash',
  priority: 'priority',
  runAt: 'run_at',
  maxAttempts: 'max_attempts',
  attempt: 'attempt',
  releases: 'releases',
  leaseExpiresAt: 'lease_expires_at',
  cancelRequestedAt: 'cancel_requested_at',
  cancelRequestedBy: 'cancel_requested_by',
  cancelReason: 'cancel_reason',
} as const satisfies Record<keyof Job, string>

/** The select list of a whole job from the row named `row`: `row.user_id AS "userId", ...`. */
export function jobColumns(row: string): Prisma.Sql {
  return Prisma.raw(
    Object.entries(COLUMNS)
      .map(([field, column]) => `${row}.${column} AS "${field}"`)
      .join(', '),
  )
}
