// The media types of requests and responses. A request whose response the client does not accept is
// refused before it runs, because a mutation must not take effect without a response.
import type { IncomingHttpHeaders } from 'node:http'
import { LRUCache } from 'lru-cache'
import Negotiator from 'negotiator'
import { RefusedRequest } from './refusedRequest.ts'

const [EVENTS, PARTS, PAGE] = ['text/event-stream', 'multipart/mixed', 'text/html'] as const
const JSON_RESPONSES = ['application/json', 'application/graphql-response+json'] as const
const RESPONSE_TYPES = [...JSON_RESPONSES, EVENTS, PARTS]
/** In our order of preference, for clients without a preference. */
const OFFERED = [...RESPONSE_TYPES, PAGE].map((type) => `${type}; charset=utf-8`)

export type ResultType = (typeof RESPONSE_TYPES)[number]

/** What a client accepts. */
export interface AcceptedTypes {
  /** Whether it prefers a page to everything else. */
  readonly page: boolean
  /** Whether it accepts a stream. */
  readonly events: boolean
  /**
   * The type of a response with one result: JSON if possible. Undefined if it accepts no type of
   * ours.
   */
  readonly result: ResultType | undefined
}

/** A cache, because most clients always send the same header. */
const negotiated = new LRUCache<string, AcceptedTypes>({ max: 100 })

/** What the client accepts, the most preferred first (RFC 9110, sections 8.3.1 and 12.5.1). */
export function acceptedTypes(headers: IncomingHttpHeaders): AcceptedTypes {
  const accept = headers.accept?.trim() || '*/*'
  const known = negotiated.get(accept)
  if (known) return known
  const types = new Negotiator({ headers: { accept } })
    .mediaTypes(OFFERED)
    .map((type) => type.split(';', 1)[0] as ResultType | typeof PAGE)
  const json = JSON_RESPONSES.filter((type) => types.includes(type)).sort((a, b) => types.indexOf(a) - types.indexOf(b))
  const result = json[0] ?? [EVENTS, PARTS].find((type) => types.includes(type))
  const accepted = { page: types[0] === PAGE, events: types.includes(EVENTS), result }
  negotiated.set(accept, accepted)
  return accepted
}

/**
 * Refuses requests whose header Accept excludes every supported media type (RFC 9110, sections
 * 12.5.1 and 15.5.7).
 *
 * @throws RefusedRequest
 */
export function requireAcceptableResponse({ result }: AcceptedTypes): void {
  if (result === undefined) throw notAcceptable(RESPONSE_TYPES)
}

/** The refusal of a subscription by a client that does not accept a stream. */
export function streamNotAccepted(): RefusedRequest {
  return notAcceptable([EVENTS])
}

function notAcceptable(types: readonly string[]): RefusedRequest {
  return new RefusedRequest(406, `The header Accept must allow ${types.join(' or ')}.`)
}

/** Refuses bodies that are not JSON, or compressed. @throws RefusedRequest */
export function requireJsonBody(headers: IncomingHttpHeaders): void {
  if (!isJson(headers['content-type'])) {
    const message = 'The body must be JSON in UTF-8: send it with the header Content-Type: application/json.'
    throw new RefusedRequest(415, message, { 'accept-post': 'application/json' })
  }
  if (!/^(?:identity)?$/i.test(headers['content-encoding']?.trim() ?? '')) {
    const message = 'Compressed bodies are not supported: send the body without the header Content-Encoding.'
    throw new RefusedRequest(415, message, { 'accept-encoding': 'identity' })
  }
}

const JSON_BODIES = ['application/json', 'application/graphql+json']

/** Whether the type is JSON in UTF-8, which JSON must be (RFC 8259, section 8.1). */
function isJson(contentType = ''): boolean {
  if (contentType === 'application/json') return true
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1])
    .find(Boolean)
  return (charset === undefined || /^utf-?8$/.test(charset)) && JSON_BODIES.includes(type.trim())
}
