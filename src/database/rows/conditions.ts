// Conditions of plain SQL.
import { Prisma } from '../generated/client.ts'

/** True where all of them are; of none: true. */
export function and(conditions: readonly Prisma.Sql[]): Prisma.Sql {
  return conditions.length === 0 ? Prisma.sql`true` : Prisma.join([...conditions], ' AND ')
}
