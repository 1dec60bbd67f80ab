// Which media types requests are accepted in, and answered in. A request that could not be answered is refused before it runs: a
// mutation must not take effect and then have no answer.
import type { ServerPlugin } from '../requestScope.ts'

const ANSWERS = ['application/graphql-response+json', 'application/json', 'text/event-stream', 'multipart/mixed']

/** What makes responses: the Response of Yoga's Fetch API. */
interface Responses {
  readonly Response: typeof Response
}

/** Refuses requests whose header Accept excludes every form of answer (RFC 9110, sections 12.5.1 and 15.5.7). */
export function acceptableAnswers(): ServerPlugin {
  return {
    onRequestParse({ request, endResponse, fetchAPI }) {
      if (!isAcceptable(request.headers.get('accept') ?? '')) endResponse(notAcceptable(fetchAPI, ANSWERS))
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

/** As Yoga chooses the form: without looking at weights. */
function isAcceptable(accept: string): boolean {
  if (accept.trim() === '') return true
  return accept
    .toLowerCase()
    .replaceAll(/\s/g, '')
    .split(',')
    .some((range) => {
      const [type = '', ...parameters] = range.split(';')
      const charset = parameters.find((parameter) => parameter.startsWith('charset='))
      if (charset !== undefined && charset !== 'charset=utf-8') return false
      return type === '*/*' || ANSWERS.some((answer) => answer === type || `${answer.split('/', 1)[0]}/*` === type)
    })
}
