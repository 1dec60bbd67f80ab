// JSON on its way through Prisma Client. Prisma copies the objects it is given key by key, which loses a key "__proto__", and it
// takes objects with a key "$type" for marks of its own; so it is handed the text, by the method that it calls for values that
// know how they are written.
import type { Prisma } from '../database/generated/client.ts'

/** A value for a JSON column or a condition on one, which reaches the database as it is. */
export function opaqueJson(value: unknown): Prisma.InputJsonValue {
  const text = JSON.stringify(value)
  return { toJSON: () => ({ $type: 'Json', value: text }) }
}
