// When a lease has ended. The clock of the database may be set back: a lease that was given while it was ahead would last until the clock is
// there again. So a lease that ends later than any lease could that is given now has ended, too.
import { Prisma } from '../database/generated/client.ts'
import { MAX_LEASE_SECONDS } from './limits.ts'

/** Leases are given by the clock of their statement, which may be a little ahead of the clock of the transaction that looks at them. */
const TOLERANCE_SECONDS = 60
const LATEST_END_SECONDS = MAX_LEASE_SECONDS + TOLERANCE_SECONDS

/** Each is a range of the index on `lease_expires_at`; a lease has ended if one of them is true. */
export const ENDED_LEASES: readonly Prisma.Sql[] = [
  Prisma.sql`lease_expires_at <= now()`,
  Prisma.sql`lease_expires_at > now() + interval '1 second' * ${Prisma.raw(String(LATEST_END_SECONDS))}`,
]

/** Whether a lease that expires at this instant has ended at `at`. */
export function leaseHasEnded(expiresAt: Date, at: Date): boolean {
  return expiresAt <= at || expiresAt.getTime() > at.getTime() + LATEST_END_SECONDS * 1000
}
