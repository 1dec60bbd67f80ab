// What people copy as the id of a job: the UUID from a log or Prisma Studio, the global id from the
// API, or the address of its page.

const UUID = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/i
/** A global id is the base64 of "Job:" and the UUID. */
const GLOBAL_ID = /^Sm9iO[\w+/=-]{40,60}$/

/** The id in `text`, as the API accepts it; undefined if it contains none. */
export function jobIdIn(text: string): string | undefined {
  const trimmed = text.trim()
  const uuid = UUID.exec(trimmed)?.[0].toLowerCase().replaceAll('-', '')
  if (uuid !== undefined) return uuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  return GLOBAL_ID.test(trimmed) ? trimmed : undefined
}
