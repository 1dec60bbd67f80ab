// The addresses of the pages.

export const BASE = '/ui'

export const LIST_URL = `${BASE}/jobs`

export const STATISTICS_URL = `${BASE}/statistics`

export const jobUrl = (jobId: string): string => `${BASE}/jobs/${encodeURIComponent(jobId)}`

export const BULK_URL = `${BASE}/bulk`

export const bulkActionUrl = (id: string): string => `${BULK_URL}/${encodeURIComponent(id)}`

export const RECORDS_URL = `${BASE}/records`

/** The page of an actor. Browsers resolve `.` and `..` in paths, also escaped ones. */
export function actorUrl(name: string): string {
  if (name === '.' || name === '..') return urlWith(RECORDS_URL, new URLSearchParams(), { actor: name })
  return `${BASE}/actors/${encodeURIComponent(name)}`
}

/** New values of parameters; null, undefined and '' remove one. */
export type ParameterChanges = Readonly<Record<string, string | readonly string[] | null | undefined>>

/** Cursors, which are of one list. */
const CURSORS = ['after', 'before']

/** The address of a page with other parameters. A list starts at its first page. */
export function urlWith(path: string, query: URLSearchParams, changes: ParameterChanges): string {
  const changed = new URLSearchParams(query)
  for (const name of CURSORS) changed.delete(name)
  for (const [name, value] of Object.entries(changes)) {
    changed.delete(name)
    for (const each of [value ?? []].flat()) if (each !== '') changed.append(name, each)
  }
  // Readable, as commas and colons may be in a query.
  const text = changed.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
  return text === '' ? path : `${path}?${text}`
}

/** The address of a page without these parameters; undefined if it has none of them. */
export function urlWithout(path: string, query: URLSearchParams, names: readonly string[]): string | undefined {
  const given = names.filter((name) => query.has(name))
  return given.length === 0 ? undefined : urlWith(path, query, Object.fromEntries(given.map((name) => [name, null])))
}
