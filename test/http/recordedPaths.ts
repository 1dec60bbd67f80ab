// Requests whose responses are recorded (responses.test.ts): other methods and media types than a
// JSON body by POST, and bodies of unknown length.
import type { RecordedRequest } from './recordedRequests.ts'

const QUERY = '{ viewer { userId } }'
const CREATE = 'mutation { createJob(input: { content: "x" }) { __typename } }'
const FOLLOW = 'subscription ($after: String) { jobEvents(after: $after) { record { newState } } }'

const NAMED = 'query A { viewer { userId } } query B { __typename }'
const PREFLIGHTED = ['graphql-require-preflight', '1'] as const

type Search = Readonly<Record<string, string>>

const get = (name: string, search: Search, headers: RecordedRequest['headers'] = []): RecordedRequest => ({
  name: `GET ${name}`,
  method: 'GET',
  path: `/graphql?${new URLSearchParams(search)}`,
  headers: [PREFLIGHTED, ...headers],
})

const getRequests = (after: string): RecordedRequest[] => [
  get('a query', { query: QUERY }),
  get('nothing', {}),
  { name: 'GET without a query string', method: 'GET', headers: [PREFLIGHTED] },
  { name: 'GET without a header against CSRF', method: 'GET', path: '/graphql?query={__typename}' },
  { name: 'GET with a body', method: 'GET', path: '/graphql?query={__typename}', headers: [PREFLIGHTED], body: 'x' },
  {
    name: 'GET with a body over the limit',
    method: 'GET',
    path: '/graphql?query={__typename}',
    headers: [PREFLIGHTED],
    body: 'x'.repeat(20_001),
  },
  get('variables', {
    query: 'query ($n: Int) { jobs(first: $n, filter: { userId: "none" }) { nodes { id } } }',
    variables: '{"n":1}',
  }),
  get('variables that are null', { query: QUERY, variables: 'null' }),
  get('variables that are an array', { query: QUERY, variables: '[]' }),
  get('broken variables', { query: QUERY, variables: '{"a":' }),
  get('variables nested too deeply', { query: QUERY, variables: `${'['.repeat(300)}${']'.repeat(300)}` }),
  get('broken extensions', { query: QUERY, extensions: 'x' }),
  get('empty parameters', { query: QUERY, variables: '', operationName: '', extensions: '' }),
  get('an operation name', { query: NAMED, operationName: 'B' }),
  get('an unknown operation name', { query: NAMED, operationName: 'C' }),
  get('an unknown parameter', { query: QUERY, id: '7', documentId: 'x' }),
  get('a mutation', { query: CREATE }),
  get('a mutation of unknown fields', { query: 'mutation { nothing }' }),
  get('a mutation with an unknown name', { query: CREATE, operationName: 'X' }),
  get('a syntax error', { query: '{' }),
  get('an unknown field', { query: '{ nothing }' }),
  get('an unknown field, for JSON of GraphQL', { query: '{ nothing }' }, [
    ['accept', 'application/graphql-response+json'],
  ]),
  get('a mutation, for JSON of GraphQL', { query: CREATE }, [['accept', 'application/graphql-response+json']]),
  get('a query, as a stream', { query: QUERY }, [['accept', 'text/event-stream']]),
  get('a query, in parts', { query: QUERY }, [['accept', 'multipart/mixed']]),
  get('an unknown field, in parts', { query: '{ nothing }' }, [['accept', 'multipart/mixed']]),
  get('a page by a client that prefers JSON', { query: QUERY }, [['accept', 'application/json, text/html;q=0.9']]),
  {
    ...get('a subscription', { query: FOLLOW, variables: JSON.stringify({ after }) }, [
      ['accept', 'text/event-stream'],
    ]),
    until: 'data: {',
  },
  get('a subscription, as JSON', { query: FOLLOW }, [['accept', 'application/json']]),
  get('a subscription with a bad cursor, as JSON', { query: FOLLOW, variables: '{"after":"x"}' }, [
    ['accept', 'application/json'],
  ]),
  get('a subscription with a bad cursor, as a stream', { query: FOLLOW, variables: '{"after":"x"}' }, [
    ['accept', 'text/event-stream'],
  ]),
  get('a subscription with bad variables, as a stream', { query: FOLLOW, variables: '{"after":7}' }, [
    ['accept', 'text/event-stream'],
  ]),
  get('a document nested too deeply', { query: `{ a ${'{ a '.repeat(400)}${'}'.repeat(400)} }` }),
  { name: 'GET an escaped query', method: 'GET', path: '/graphql?query=%7B+__typename%20%7D', headers: [PREFLIGHTED] },
  { name: 'GET a broken escape', method: 'GET', path: '/graphql?query={__typename}%zz', headers: [PREFLIGHTED] },
  { name: 'GET the full URL', method: 'GET', path: 'http://x/graphql?query={__typename}', headers: [PREFLIGHTED] },
  {
    name: 'GET a repeated parameter',
    method: 'GET',
    path: '/graphql?query={__typename}&query={a}',
    headers: [PREFLIGHTED],
  },
]

const methods: RecordedRequest[] = ['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE'].flatMap((method) => [
  { name: `${method} with a body`, method, headers: [['content-type', 'application/json']], body: '{"query":"{ a }"}' },
  { name: `${method} with a query`, method, path: '/graphql?query={__typename}', headers: [PREFLIGHTED] },
  { name: `${method} without anything`, method },
])

const post = (name: string, type: string, body: string): RecordedRequest => ({
  name: `POST ${name}`,
  headers: [PREFLIGHTED, ...(type === '' ? [] : [['content-type', type] as const])],
  body,
})

const BODY = JSON.stringify({ query: QUERY })

const mediaTypes: RecordedRequest[] = [
  post('no content type', '', BODY),
  post('a form', 'application/x-www-form-urlencoded', `query=${encodeURIComponent(QUERY)}`),
  post('text of GraphQL', 'application/graphql', QUERY),
  post('plain text', 'text/plain', BODY),
  post(
    'several parts',
    'multipart/form-data; boundary=x',
    `--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--x--`,
  ),
  post('a charset', 'application/json; charset=utf-8', BODY),
  post('a quoted charset', 'Application/JSON;charset="UTF-8"', BODY),
  post('another charset', 'application/json; charset=latin1', BODY),
  post('two types', 'application/json, text/plain', BODY),
  post('JSON of GraphQL', 'application/graphql+json', BODY),
]

/** A body in chunks has no known length. */
const chunked = (name: string, body: string, more: RecordedRequest['headers'] = []): RecordedRequest => ({
  name: `POST in chunks: ${name}`,
  headers: [['content-type', 'application/json'], ['transfer-encoding', 'chunked'], ...more],
  body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
})

const bodies: RecordedRequest[] = [
  chunked('a query', BODY),
  chunked('nothing', ' '),
  chunked('broken JSON', '{'),
  chunked('a body at the limit', BODY.padEnd(20_000)),
  chunked('a body over the limit', BODY.padEnd(20_001)),
  chunked('a query with a wrong token', BODY, [['authorization', 'Bearer nonsense']]),
  ...['gzip', 'identity', 'br, gzip', ''].map(
    (encoding): RecordedRequest => ({
      name: `POST with Content-Encoding "${encoding}"`,
      headers: [
        ['content-type', 'application/json'],
        ['content-encoding', encoding],
      ],
      body: BODY,
    }),
  ),
]

/** `after`: a cursor before the first event. */
export function otherRequests({ after }: { readonly after: string }): RecordedRequest[] {
  return [...getRequests(after), ...methods, ...mediaTypes, ...bodies]
}
