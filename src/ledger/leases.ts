// When a lease has ended. The clock of the database may be set back, and a lease from before would
// then last until the clock catches up. So a lease has also ended if it expires later than the
// longest lease that could start now.
import { Prisma } from '../database/generated/client.ts'
import { MAX_LEASE_SECONDS } from './limits.ts'

/**
 * A lease starts at the time of its statement, which may be slightly later than now() of the
 * transaction that checks it.
 */
const TOLERANCE_SECONDS = 60
const LATEST_END_SECONDS = MAX_LEASE_SECONDS + TOLERANCE_SECONDS

/**
 * A lease has ended if one of these is true. Each is a range of the index on `lease_expires_at`.
 */
export const ENDED_LEASES: readonly Prisma.Sql[] = [
  Prisma.sql`lease_expires_at <= now()`,
  Prisma.sql`lease_expires_at > now() + interval '1 second' * ${Prisma.raw(String(LATEST_END_SECONDS))}`,
]

/** Whether a lease that expires at `expiresAt` has ended at `at`. */
export function leaseHasEnded(expiresAt: Date, at: Date): boolean {
  return expiresAt <= at || expiresAt.getTime() > at.getTime() + LATEST_END_SECONDS * 1000
}
