// Conditions of hand-written SQL.
import { Prisma } from '../generated/client.ts'

/** A condition that is true where all given conditions are true. True if none is given. */
export function and(conditions: readonly Prisma.Sql[]): Prisma.Sql {
  return conditions.length === 0 ? Prisma.sql`true` : Prisma.join([...conditions], ' AND ')
}
