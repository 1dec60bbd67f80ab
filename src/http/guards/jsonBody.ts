// The one form in which a body is taken: JSON, of a shape that is looked at before it is parsed. Brackets without end take up a
// hundred times the memory of their text once they are parsed, and whoever walks over them runs out of stack.
import { isUtf8 } from 'node:buffer'
import type { GraphQLParams } from 'graphql-yoga'
import type { ThreadTurns } from '../../fairness/threadTurns.ts'
import type { RequestScope, ServerPlugin } from '../requestScope.ts'
import { badRequest } from './badRequest.ts'
import { isJson, unsupportedMediaType } from './mediaTypes.ts'
import { typeOf } from './parameters.ts'
import { parseJson } from './parseJson.ts'

/** Metadata and outputs may be 100 levels deep; the way to them is some levels more. */
const DEPTH = 200
/** Objects, arrays and their members: more than an output of the usual limit can have. */
const VALUES = 600_000
/**
 * Objects, and members of objects: each takes up many times the memory of its text, and a name that was not seen before many times the time of
 * a value. A batch of 1,000 jobs may have 50 members of metadata in each.
 */
const MEMBERS = 60_000

const [QUOTE, COMMA, COLON, OPEN_ARRAY, BACKSLASH, CLOSE_ARRAY] = [34, 44, 58, 91, 92, 93]
const [OPEN_OBJECT, CLOSE_OBJECT] = [123, 125]

/** All that comes after the bytes of a request were received, to where its operation begins to wait for the database, is one of the `turns`. */
export function jsonBody(turns: ThreadTurns): ServerPlugin {
  return {
    onRequestParse({ request, url, requestParser, setRequestParser, endResponse, fetchAPI, serverContext: { scope } }) {
      if (request.method !== 'POST') {
        checkSearch(url.searchParams)
        if (requestParser) setRequestParser((received) => turnOf(scope, turns).then(() => requestParser(received)))
      } else if (requestParser === undefined || !isJson(request.headers.get('content-type')))
        endResponse(unsupportedMediaType(fetchAPI))
      else {
        setRequestParser(async (received) => {
          const body = Buffer.from(await received.arrayBuffer())
          await turnOf(scope, turns)
          return parametersOf(utf8(body))
        })
      }
    },
  }
}

/** @throws the reason why the request is given up, if that is before its turn */
async function turnOf({ callerKey, deadline }: RequestScope, turns: ThreadTurns): Promise<void> {
  if (callerKey === undefined) throw new Error('A request came past authentication.')
  await deadline.wait(turns.next(callerKey))
}

/** The text of a body. What is no UTF-8 would become text that nobody wrote. @throws GraphQLError with the code BAD_USER_INPUT */
function utf8(body: Buffer): string {
  if (!isUtf8(body)) throw badRequest('The body is not UTF-8.')
  return body.toString()
}

/** @throws GraphQLError with the code BAD_USER_INPUT if the body of a request is not one JSON object */
function parametersOf(text: string): GraphQLParams {
  if (text.trim() === '') throw badRequest('The body is empty; it must be a JSON object with the parameter `query`.')
  checkShape(text, 'The body')
  const parameters = parseJson(text, 'The body')
  const type = typeOf(parameters)
  if (type === 'an object') return parameters as GraphQLParams
  const hint = type === 'an array' ? ' Batches are not supported: send each operation in a request of its own.' : ''
  throw badRequest(`The body must be a JSON object with the parameter \`query\` (got ${type}).${hint}`)
}

/** Checks the parameters of a URL that hold JSON. @throws GraphQLError with the code BAD_USER_INPUT */
function checkSearch(search: URLSearchParams): void {
  for (const name of ['variables', 'extensions']) {
    const text = search.get(name)
    if (!text) continue
    const where = `The parameter \`${name}\` of the URL`
    checkShape(text, where)
    parseJson(text, where)
  }
}

/** @throws GraphQLError with the code BAD_USER_INPUT. What is no JSON at all is left to the parser to say. */
function checkShape(text: string, name: string): void {
  const { values, members } = countShape(text, name)
  if (values > VALUES) throw badRequest(`${name} is JSON of ${values} values; the limit is ${VALUES}.`)
  if (members > MEMBERS) {
    throw badRequest(`${name} is JSON of ${members} objects and members of objects; the limit is ${MEMBERS}.`)
  }
}

function countShape(text: string, name: string): { values: number; members: number } {
  let [depth, values, members] = [0, 0, 0]
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index)
        break
      case COMMA:
        values += 1
        break
      case COLON:
        members += 1
        break
      case OPEN_OBJECT:
        members += 1
        depth = deeper(depth, name)
        values += 1
        break
      case OPEN_ARRAY:
        depth = deeper(depth, name)
        values += 1
        break
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth -= 1
        break
      default:
    }
  }
  return { values, members }
}

function deeper(depth: number, name: string): number {
  if (depth === DEPTH) throw badRequest(`${name} is JSON of more than ${DEPTH} levels, which is the limit.`)
  return depth + 1
}

/** Where the quote is that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes += 1
  return backslashes % 2 === 1
}
