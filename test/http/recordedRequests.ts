// Requests whose responses are recorded (responses.test.ts).
import type { RawRequest } from '../support/rawHttp.ts'

export interface RecordedRequest extends RawRequest {
  readonly name: string
  /** A response that does not end is read up to this text. */
  readonly until?: string
}

/** Limits of the servers under test. */
export const LIMITS = { LIMIT_BODY_BYTES: '20000', LIMIT_RESPONSE_BYTES: '25000' } as const
/** Fits into a response once, but not three times. */
export const LARGE_CONTENT = 'x'.repeat(10_000)

const QUERY = '{ viewer { userId } }'
const NAMED = 'query A { viewer { userId } } query B { __typename }'
const CREATE =
  'mutation { createJob(input: { content: "x" }) { __typename ... on CreateJobSuccess { job { content state version } } } }'
const ECHO =
  'mutation ($a: String!) { createJob(input: { content: $a }) { ... on CreateJobSuccess { job { content } } } }'
const REFUSED = 'mutation { deleteJob(input: { jobId: "00000000-0000-7000-8000-000000000000" }) { __typename } }'
const FOLLOW =
  'subscription Follow($after: String) { jobEvents(after: $after) { record { newState sequence job { content } } } }'

const ask = (query: unknown, more: object = {}): string => JSON.stringify({ query, ...more })

const accept = (name: string, type: string, body = ask(QUERY)): RecordedRequest => ({
  name: `${name} with Accept "${type}"`,
  body,
  headers: [['accept', type]],
})

/** `after`: a cursor before the first event. `large`: the id of a job with LARGE_CONTENT. */
export function postRequests({ after, large }: { after: string; large: string }): RecordedRequest[] {
  const follow = ask(FOLLOW, { variables: { after } })
  const until = 'data: {'
  return [
    { name: 'a query', body: ask(QUERY) },
    {
      name: 'variables',
      body: ask('query ($n: Int) { jobs(first: $n, filter: { userId: "nobody" }) { nodes { id } } }', {
        variables: { n: 1 },
      }),
    },
    {
      name: 'variables of another type',
      body: ask('query ($n: Int) { jobs(first: $n) { nodes { id } } }', { variables: { n: 'x' } }),
    },
    { name: 'variables that are not an object', body: ask(QUERY, { variables: [1] }) },
    { name: 'an operation name', body: ask(NAMED, { operationName: 'B' }) },
    { name: 'an unknown operation name', body: ask(NAMED, { operationName: 'C' }) },
    { name: 'two operations without a name', body: ask(NAMED, { operationName: null }) },
    { name: 'an operation name that is a number', body: ask(NAMED, { operationName: 1 }) },
    { name: 'a mutation', body: ask(CREATE) },
    { name: 'a mutation that is refused', body: ask(REFUSED) },
    { name: 'a subscription', body: follow, until },
    { ...accept('a subscription', 'text/event-stream', follow), until },
    { ...accept('a subscription', 'multipart/mixed', follow), until: 'jobEvents' },
    accept('a subscription', 'application/json', follow),
    { ...accept('a query', 'text/event-stream'), until: 'complete' },
    { ...accept('a syntax error', 'text/event-stream', ask('{')), until: 'complete' },
    ...[
      'application/json',
      'application/graphql-response+json',
      'application/graphql-response+json;q=0.1, application/json',
      'application/json; charset=latin1',
      'text/html',
      'image/png',
      '',
    ].flatMap((type) => [accept('a query', type), accept('an unknown field', type, ask('{ nothing }'))]),
    {
      name: 'two accept headers',
      body: ask('{'),
      headers: [
        ['accept', 'text/html'],
        ['accept', 'application/graphql-response+json'],
      ],
    },
    { name: 'a batch', body: `[${ask(QUERY)},${ask(QUERY)}]` },
    { name: 'an empty batch', body: '[]' },
    ...['null', '7', '"text"', 'true', '{}', '', ' \n', '{"query":', `${ask(QUERY)}x`, '\u0000'].map((body) => ({
      name: `the body ${JSON.stringify(body)}`,
      body,
    })),
    { name: 'whitespace around the body', body: `\r\n\t ${ask(QUERY)} \n` },
    { name: 'a byte order mark', body: `\uFEFF${ask(QUERY)}` },
    { name: 'two byte order marks', body: `\uFEFF\uFEFF${ask(QUERY)}` },
    { name: 'UTF-16', body: Buffer.from(ask(QUERY), 'utf16le') },
    {
      name: 'invalid UTF-8',
      body: Buffer.concat([
        Buffer.from('{"query":"{ a'),
        Buffer.from([0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80]),
        Buffer.from(' }"}'),
      ]),
    },
    {
      name: 'a character of four bytes in UTF-8',
      body: ask(ECHO, {
        variables: { a: '\u{1F600}' },
      }),
    },
    { name: 'half a surrogate pair', body: '{"query":"{ \\ud83d }"}' },
    { name: 'a body at the limit', body: ask(QUERY).padEnd(20_000) },
    { name: 'a body over the limit', body: ask(QUERY).padEnd(20_001) },
    {
      name: 'JSON that is nested too deeply',
      body: `{"query":"{ a }","variables":${'['.repeat(300)}${']'.repeat(300)}}`,
    },
    { name: 'an unknown parameter', body: ask(QUERY, { id: 7 }) },
    { name: 'a member __proto__', body: `{"query":"{ __typename }","__proto__":{"a":1}}` },
    { name: 'a query that is a number', body: ask(7) },
    { name: 'no query', body: '{"variables":{}}' },
    { name: 'extensions that are not an object', body: ask(QUERY, { extensions: 'x' }) },
    { name: 'an introspection query', body: ask('{ __schema { queryType { name } } }') },
    { name: 'a misspelt field', body: ask('{ jobCoun }') },
    { name: 'a response that is too large', body: ask(`{ job(id: "${large}") { a: content b: content c: content } }`) },
    { name: 'parameters in the URL', path: `/graphql?query=${encodeURIComponent('{ __typename }')}`, body: ask(QUERY) },
    { name: 'a header against CSRF', body: ask(QUERY), headers: [['x-graphql-yoga-csrf', '']] },
    {
      name: 'a cross-site request',
      body: ask(QUERY),
      headers: [
        ['origin', 'https://evil.example'],
        ['sec-fetch-site', 'cross-site'],
      ],
    },
    { name: 'a request id', body: ask(QUERY), headers: [['x-request-id', 'order-4711']] },
    { name: 'an invalid request id', body: ask(QUERY), headers: [['x-request-id', 'two words']] },
    ...[
      'evil.example',
      'localhost.evil.example:80',
      '[::1]:1',
      'LOCALHOST',
      '127.1.2.3',
      '',
      'a/b?c#d',
      'user@localhost',
      'a b',
      'a:99999',
      '[',
      'a%zz',
      '1.2.3.4.5',
    ].map((host): RecordedRequest => ({ name: `the host "${host}"`, body: ask(QUERY), headers: [['host', host]] })),
    {
      name: 'a repeated header',
      body: ask(QUERY),
      headers: [
        ['x-request-id', 'a'],
        ['x-request-id', 'b'],
      ],
    },
    { name: 'Connection: close', body: ask(QUERY), headers: [['connection', 'close']] },
    { name: 'Expect: 100-continue', body: ask(QUERY), headers: [['expect', '100-continue']] },
    { name: 'an unknown expectation', body: ask(QUERY), headers: [['expect', 'miracles']] },
    { name: 'no credential', body: ask(QUERY), headers: [['authorization', '']] },
    { name: 'a wrong token', body: ask(QUERY), headers: [['authorization', 'Bearer nonsense']] },
    { name: 'another scheme', body: ask(QUERY), headers: [['authorization', 'Basic YTpi']] },
    {
      name: 'a wrong token and a body over the limit',
      body: ask(QUERY).padEnd(20_001),
      headers: [['authorization', 'Bearer nonsense']],
    },
    { name: 'a wrong token and a broken body', body: '{', headers: [['authorization', 'Bearer nonsense']] },
  ]
}
