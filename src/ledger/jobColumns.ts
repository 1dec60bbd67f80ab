// The columns of a job as plain SQL names them, so that the statements that Prisma cannot express return the same shape as Prisma does.
import { Prisma } from '../database/generated/client.ts'
import { JOBS } from '../database/rows/tables.ts'

/** The select list of a whole job from the row named `row`: `row.user_id AS "userId", ...`. */
export function jobColumns(row: string): Prisma.Sql {
  const columns = Object.entries(JOBS.columns).map(([field, { name }]) => `${row}.${name} AS "${field}"`)
  return Prisma.raw(columns.join(', '))
}
