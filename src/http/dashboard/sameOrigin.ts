// Whether a page of this server sent a request. A cookie alone proves nothing: browsers attach it
// to requests of other pages too, and treat all ports of a host as one site.
import type { IncomingMessage } from 'node:http'

/**
 * Browsers say where a request comes from (Fetch Metadata); on plain HTTP, and older ones always,
 * at least its origin, which is in every POST and DELETE of a page.
 */
export function isSameOrigin({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  return headers.host !== undefined && originOf(headers.origin)?.host === headers.host.toLowerCase()
}

/** Whether the page that sent the request came by https. Only its own browser can say so. */
export function isFromHttps({ headers }: IncomingMessage): boolean {
  return originOf(headers.origin)?.protocol === 'https:'
}

function originOf(origin: string | undefined): URL | undefined {
  return origin !== undefined && URL.canParse(origin) ? new URL(origin) : undefined
}
