// Which media types requests are accepted in, and answered in. A request that could not be answered is refused before it runs: a
// mutation must not take effect and then have no answer.
import type { IncomingHttpHeaders } from 'node:http'
import { LRUCache } from 'lru-cache'
import Negotiator from 'negotiator'
import type { ServerPlugin } from '../requestScope.ts'

const PAGE = 'text/html'
const ANSWERS = ['application/json', 'application/graphql-response+json', 'text/event-stream', 'multipart/mixed']
/** In our order of preference, for clients that have none. */
const OFFERED = [...ANSWERS, PAGE].map((type) => `${type}; charset=utf-8`)
/** Most clients send the same header each time. */
const acceptedTypes = new LRUCache<string, readonly string[]>({ max: 100 })

/**
 * Writes the headers Accept and Content-Type as Yoga and its plugins read them: in lower case, without parameters, and of the types of
 * Accept only those that we have, the most preferred first. Yoga itself ignores weights and is case-sensitive.
 */
export function normalizeMediaTypes(headers: IncomingHttpHeaders): void {
  headers.accept = acceptedOf(headers.accept?.trim() || '*/*').join(', ')
  const type = jsonTypeOf(headers['content-type'])
  if (type !== undefined) headers['content-type'] = type
}

/** RFC 9110, sections 8.3.1 and 12.5.1. */
function acceptedOf(accept: string): readonly string[] {
  const known = acceptedTypes.get(accept)
  if (known) return known
  const types = new Negotiator({ headers: { accept } })
    .mediaTypes(OFFERED)
    .map((type) => type.split(';', 1)[0] as string)
    // GraphiQL is for those who prefer a page to an answer.
    .filter((type, index) => type !== PAGE || index === 0)
  acceptedTypes.set(accept, types)
  return types
}

/** The type of a JSON text, in lower case and without its charset: JSON is UTF-8 (RFC 8259, section 8.1). */
function jsonTypeOf(contentType = ''): string | undefined {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1])
    .find(Boolean)
  return charset === undefined || /^utf-?8$/.test(charset) ? JSON_TYPES.find((one) => one === type.trim()) : undefined
}

const JSON_TYPES = ['application/json', 'application/graphql+json']

/** Whether a body is JSON, by its header as `normalizeMediaTypes` wrote it. */
export function isJson(contentType: string | null): boolean {
  return JSON_TYPES.some((type) => type === contentType)
}

/** Whether a client takes a stream and no JSON, by its header as `normalizeMediaTypes` wrote it. */
export function acceptsOnlyEvents(accept: string | null): boolean {
  const types = accept?.split(', ') ?? []
  return types.includes('text/event-stream') && !types.some((type) => type.endsWith('json'))
}

/** What makes responses: the Response of Yoga's Fetch API. */
interface Responses {
  readonly Response: typeof Response
}

/** Refuses requests whose header Accept excludes every form of answer (RFC 9110, sections 12.5.1 and 15.5.7). */
export function acceptableAnswers(): ServerPlugin {
  return {
    onRequestParse({ request, endResponse, fetchAPI }) {
      const types = request.headers.get('accept')?.split(', ') ?? []
      if (!types.some((type) => ANSWERS.includes(type))) endResponse(notAcceptable(fetchAPI, ANSWERS))
    },
  }
}

/** Refuses the stream of a subscription to a client that accepts JSON only. Must come after what else finds a form for results. */
export function acceptableStreams(): ServerPlugin {
  return {
    onResultProcess({ result, resultProcessor, setResultProcessor }) {
      if (resultProcessor !== undefined || !(Symbol.asyncIterator in result)) return
      const refuse = (_: unknown, fetchAPI: object) => notAcceptable(fetchAPI as Responses, ['text/event-stream'])
      setResultProcessor(refuse, 'application/json')
    },
  }
}

/** The answer to a body in another media type than JSON. */
export function unsupportedMediaType(fetchAPI: Responses): Response {
  const message = 'The body must be JSON in UTF-8: send it with the header Content-Type: application/json.'
  return refusal(fetchAPI, message, { status: 415, headers: { 'accept-post': 'application/json' } })
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
