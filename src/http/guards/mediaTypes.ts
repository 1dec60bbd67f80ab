// The media types of requests and responses. A request whose response the client does not accept is
// refused before it runs, because a mutation must not take effect without a response.
import type { IncomingHttpHeaders } from 'node:http'
import { LRUCache } from 'lru-cache'
import Negotiator from 'negotiator'
import type { ServerPlugin } from '../requestScope.ts'

const PAGE = 'text/html'
const RESPONSE_TYPES = ['application/json', 'application/graphql-response+json', 'text/event-stream', 'multipart/mixed']
/** In our order of preference, for clients without a preference. */
const OFFERED = [...RESPONSE_TYPES, PAGE].map((type) => `${type}; charset=utf-8`)
/** A cache, because most clients always send the same header. */
const acceptedTypes = new LRUCache<string, readonly string[]>({ max: 100 })

/**
 * Rewrites the headers Accept and Content-Type to lower case, without parameters. Accept keeps only
 * types that we support, the most preferred first. Yoga itself ignores weights and is
 * case-sensitive.
 */
export function normalizeMediaTypes(headers: IncomingHttpHeaders): void {
  headers.accept = acceptedOf(headers.accept?.trim() || '*/*').join(', ')
  const type = jsonTypeOf(headers['content-type'])
  if (type !== undefined) headers['content-type'] = type
}

/** RFC 9110, sections 8.3.1 and 12.5.1. */
function acceptedOf(accept: string): readonly string[] {
  const cached = acceptedTypes.get(accept)
  if (cached) return cached
  const types = new Negotiator({ headers: { accept } })
    .mediaTypes(OFFERED)
    .map((type) => type.split(';', 1)[0] as string)
    // Only clients that prefer a page get GraphiQL.
    .filter((type, index) => type !== PAGE || index === 0)
  acceptedTypes.set(accept, types)
  return types
}

/**
 * The media type of a JSON body, in lower case and without parameters. JSON must be UTF-8 (RFC
 * 8259, section 8.1).
 */
function jsonTypeOf(contentType = ''): string | undefined {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1])
    .find(Boolean)
  return charset === undefined || /^utf-?8$/.test(charset)
    ? JSON_TYPES.find((jsonType) => jsonType === type.trim())
    : undefined
}

const JSON_TYPES = ['application/json', 'application/graphql+json']

/** Whether a body is JSON, by the header that `normalizeMediaTypes` wrote. */
export function isJson(contentType: string | null): boolean {
  return JSON_TYPES.some((type) => type === contentType)
}

/**
 * Whether a client accepts a stream and no JSON, by the header that `normalizeMediaTypes` wrote.
 */
export function acceptsOnlyEvents(accept: string | null): boolean {
  const types = accept?.split(', ') ?? []
  return types.includes('text/event-stream') && !types.some((type) => type.endsWith('json'))
}

/** The Response class of Yoga's Fetch API. */
interface Responses {
  readonly Response: typeof Response
}

/**
 * Refuses requests whose header Accept excludes every supported media type (RFC 9110, sections
 * 12.5.1 and 15.5.7).
 */
export function acceptableResponses(): ServerPlugin {
  return {
    onRequestParse({ request, endResponse, fetchAPI }) {
      const types = request.headers.get('accept')?.split(', ') ?? []
      if (!types.some((type) => RESPONSE_TYPES.includes(type))) endResponse(notAcceptable(fetchAPI, RESPONSE_TYPES))
    },
  }
}

/**
 * Refuses a subscription by a client that accepts JSON only. Must come after all other result
 * processors.
 */
export function acceptableStreams(): ServerPlugin {
  return {
    onResultProcess({ result, resultProcessor, setResultProcessor }) {
      if (resultProcessor !== undefined || !(Symbol.asyncIterator in result)) return
      const refuse = (_: unknown, fetchAPI: object) => notAcceptable(fetchAPI as Responses, ['text/event-stream'])
      setResultProcessor(refuse, 'application/json')
    },
  }
}

/** The response to a body that is not JSON. */
export function unsupportedMediaType(fetchAPI: Responses): Response {
  const message = 'The body must be JSON in UTF-8: send it with the header Content-Type: application/json.'
  return refusal(fetchAPI, message, { status: 415, headers: { 'accept-post': 'application/json' } })
}

/** Whether a body comes as it is, not compressed. */
export function isIdentity(contentEncoding: string | null): boolean {
  return /^(?:identity)?$/i.test(contentEncoding?.trim() ?? '')
}

export function unsupportedEncoding(fetchAPI: Responses): Response {
  const message = 'Compressed bodies are not supported: send the body without the header Content-Encoding.'
  return refusal(fetchAPI, message, { status: 415, headers: { 'accept-encoding': 'identity' } })
}

function notAcceptable(fetchAPI: Responses, types: readonly string[]): Response {
  const message = `The header Accept must allow ${types.join(' or ')}.`
  return refusal(fetchAPI, message, { status: 406, headers: {} })
}

function refusal(
  { Response }: Responses,
  message: string,
  { status, headers }: { status: number; headers: object },
): Response {
  const errors = [{ message, extensions: { code: 'BAD_USER_INPUT' } }]
  const type = 'application/json; charset=utf-8'
  return new Response(JSON.stringify({ errors }), { status, headers: { ...headers, 'content-type': type } })
}
