// UUIDs. The ids of jobs are UUIDs of version 7, in order of creation: a range of time is a range
// of ids.

/** A UUID of any version, in lower or upper case. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const MAX_TIME = 2 ** 48 - 1

/**
 * The lowest UUID version 7 of an instant, in milliseconds. Jobs created at `t` or later have `id
 * >= minUuidAt(t)`.
 */
export function minUuidAt(instant: Date): string {
  const millis = Math.min(Math.max(instant.getTime(), 0), MAX_TIME)
  const hex = millis.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
