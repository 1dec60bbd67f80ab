// UUIDs of version 7 as positions in time: ids are in order of creation, so a range of time is a range of ids.

const MAX_TIME = 2 ** 48 - 1

/** The least UUID version 7 of an instant (milliseconds count): `id >= leastUuidAt(t)` holds for what was created at `t` or later. */
export function minUuidAt(instant: Date): string {
  const millis = Math.min(Math.max(instant.getTime(), 0), MAX_TIME)
  const hex = millis.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
