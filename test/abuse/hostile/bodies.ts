// JSON that is expensive once parsed, or has an unexpected type.
import {
  ANSWERED,
  type HostileRequest,
  nest,
  query,
  REFUSED,
  TOO_LARGE,
  times,
  withVariables,
} from './hostileRequest.ts'

const CREATE = 'mutation ($m: JSONObject) { createJob(input: { content: "x", metadata: $m }) { __typename } }'

export const BODIES: readonly HostileRequest[] = [
  {
    name: 'objects 100,000 deep',
    body: withVariables(CREATE, `{"m":${nest('{"a":', '1', '}', 100_000)}}`),
    statuses: REFUSED,
  },
  {
    name: 'arrays 100,000 deep',
    body: withVariables(CREATE, `{"m":{"a":${nest('[', '', ']', 100_000)}}}`),
    statuses: REFUSED,
  },
  {
    name: 'extensions 100,000 deep',
    body: `{"query":"{ __typename }","extensions":${nest('{"a":', '1', '}', 100_000)}}`,
    statuses: REFUSED,
  },
  { name: 'a body 100,000 deep', body: nest('[', '', ']', 100_000), statuses: REFUSED },
  { name: 'two million brackets', body: nest('[', '', ']', 2_000_000), statuses: REFUSED },
  {
    name: 'a million empty objects',
    body: withVariables(CREATE, `{"m":{"a":[${'{},'.repeat(1_000_000)}{}]}}`),
    statuses: REFUSED,
  },
  { name: 'brackets that never close', body: '['.repeat(150), statuses: REFUSED },
  { name: 'a string that never ends', body: `{"query":"${'\\\\'.repeat(1_000_000)}`, statuses: REFUSED },
  { name: 'a million escaped quotes', body: query('"'.repeat(1_000_000)), statuses: REFUSED },
  { name: 'more than the limit', body: query(' '.repeat(4 * 1024 * 1024)), statuses: TOO_LARGE },
  {
    name: '__proto__ in the body',
    body: '{"__proto__":{"query":"{ jobCount }","polluted":true},"query":"{ __typename }"}',
    statuses: REFUSED,
  },
  {
    name: '__proto__ in variables',
    body: withVariables(CREATE, '{"__proto__":{"m":{"polluted":true}},"m":{"a":1}}'),
    statuses: ANSWERED,
  },
  {
    name: '__proto__ in metadata',
    body: withVariables(CREATE, '{"m":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}'),
    statuses: ANSWERED,
  },
  {
    name: '__proto__ as the operation',
    body: '{"query":"query a { __typename }","operationName":"__proto__"}',
    statuses: REFUSED,
  },
  { name: 'constructor as a field', body: query('{ constructor { prototype } __proto__ }'), statuses: REFUSED },
  { name: 'toString as a fragment', body: query('{ ...toString }'), statuses: REFUSED },
  { name: 'a query that is an object', body: '{"query":{"length":1000000000}}', statuses: REFUSED },
  { name: 'variables that are text', body: '{"query":"{ __typename }","variables":"x"}', statuses: REFUSED },
  { name: 'a batch of 10,000', body: `[${times(10_000, () => '{"query":"{ jobCount }"}', ',')}]`, statuses: REFUSED },
  {
    name: 'numbers beyond all bounds',
    body: withVariables(CREATE, `{"m":{"a":1e999,"b":${'9'.repeat(100_000)}}}`),
    statuses: ANSWERED,
  },
]
