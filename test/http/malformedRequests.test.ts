// Requests that are not GraphQL requests. Each error names the parameter, or the position in the
// JSON.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

async function messageFor(request: { body: string } | { search: string }, accept = 'application/json') {
  const response =
    'body' in request
      ? await fetch(`${server.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept },
          body: request.body,
        })
      : await fetch(`${server.url}/graphql?${request.search}`, { headers: { accept } })
  const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] }
  expect([response.status, errors.length, errors[0]?.extensions]).toEqual([400, 1, { code: 'BAD_USER_INPUT' }])
  return errors[0]?.message
}

const QUERY = '"query":"{ jobCount }"'

describe('a body', () => {
  it.each([
    ['', 'The body must be a JSON object with the parameter `query` (got an empty body).'],
    [' \n', 'The body must be a JSON object with the parameter `query` (got an empty body).'],
    ['null', 'The body must be a JSON object with the parameter `query` (got null).'],
    ['7', 'The body must be a JSON object with the parameter `query` (got a number).'],
    ['"text"', 'The body must be a JSON object with the parameter `query` (got a string).'],
    ['true', 'The body must be a JSON object with the parameter `query` (got a boolean).'],
    [
      '[]',
      'The body must be a JSON object with the parameter `query` (got an array). Batches are not supported: send each operation in a request of its own.',
    ],
  ])('that is %j is refused with the expected type', async (body, message) => {
    for (const accept of ['application/json', 'application/graphql-response+json'])
      expect(await messageFor({ body }, accept)).toBe(message)
  })

  it.each([
    ['{"query":', 'expected a value at line 1, column 10 (got the end)'],
    ['{"query" "{ jobCount }"}', 'expected ":" at line 1, column 10 (got "\\"")'],
    [`{${QUERY}}x`, 'expected the end at line 1, column 25 (got "x")'],
    [`{\n  ${QUERY},\n}`, 'expected a name in quotes at line 3, column 1 (got "}")'],
    [`{${QUERY},"variables":{"a":[1,]}}`, 'expected a value at line 1, column 45 (got "]")'],
    [`{${QUERY},"variables":{"a":[1 2]}}`, 'expected "," or "]" at line 1, column 45 (got "2")'],
    [`{${QUERY};`, 'expected "," or "}" at line 1, column 24 (got ";")'],
    ["{'query':1}", 'expected a name in quotes or "}" at line 1, column 2 (got "\'")'],
    ['[', 'expected a value or "]" at line 1, column 2 (got the end)'],
    [
      '{"query":"a\nb"}',
      'expected a character of a string, an escape or the closing quote at line 1, column 12 (got U+000A)',
    ],
    [
      '{"query":"a\\x"}',
      'expected a character of a string, an escape or the closing quote at line 1, column 12 (got "\\\\")',
    ],
    [
      '{"query":"\\u00e9💥',
      'expected a character of a string, an escape or the closing quote at line 1, column 18 (got the end)',
    ],
    ['\uFEFF{}', 'expected a value at line 1, column 1 (got U+FEFF)'],
    ['nul', 'expected a value at line 1, column 1 (got "n")'],
    ['{"a":01}', 'expected "," or "}" at line 1, column 7 (got "1")'],
    ['{"a":1.}', 'expected "," or "}" at line 1, column 7 (got ".")'],
  ])('%j is not JSON, and the error has its position', async (body, fault) => {
    expect(await messageFor({ body })).toBe(`The body is not valid JSON: ${fault}.`)
  })
})

describe('parameters', () => {
  const others = 'The parameters are query, variables, operationName, extensions'
  it.each([
    ['{}', 'The parameter `query` is required: the text of a GraphQL document.'],
    ['{"query":null}', 'The parameter `query` is required: the text of a GraphQL document.'],
    ['{"query":7}', '`query` must be a string (got a number).'],
    [`{${QUERY},"variables":[1]}`, '`variables` must be an object (got an array).'],
    [`{${QUERY},"variables":"{}"}`, '`variables` must be an object (got a string).'],
    [`{${QUERY},"operationName":{}}`, '`operationName` must be a string (got an object).'],
    [`{${QUERY},"extensions":true}`, '`extensions` must be an object (got a boolean).'],
    [`{${QUERY},"documentId":"x"}`, `"documentId" is not a request parameter. ${others}.`],
    [`{${QUERY},"__proto__":{"a":1}}`, `"__proto__" is not a request parameter. ${others}.`],
  ])('of the body %s are refused by name', async (body, message) => {
    expect(await messageFor({ body })).toBe(message)
  })

  it.each([
    ['variables=%7B%7D', 'The parameter `query` is required: the text of a GraphQL document.'],
    ['query=%7Ba%7D&variables=%5B1%5D', '`variables` must be an object (got an array).'],
    [
      'query=%7Ba%7D&variables=%7Ba%7D',
      'The URL parameter `variables` is not valid JSON: expected a name in quotes or "}" at line 1, column 2 (got "a").',
    ],
    [
      'query=%7Ba%7D&extensions=x',
      'The URL parameter `extensions` is not valid JSON: expected a value at line 1, column 1 (got "x").',
    ],
    [
      `query=%7Ba%7D&variables=${'%5B'.repeat(201)}`,
      'The URL parameter `variables` must be JSON with at most 200 levels of nesting.',
    ],
  ])('of the URL ?%s are refused by name', async (search, message) => {
    expect(await messageFor({ search })).toBe(message)
  })

  it('that are null count as missing', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{${QUERY},"variables":null,"operationName":null,"extensions":null,"id":null}`,
    })
    expect(await response.json()).toEqual({ data: { jobCount: expect.any(Number) } })
  })
})
