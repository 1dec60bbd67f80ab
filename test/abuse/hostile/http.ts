// Requests whose request line or headers are hostile.
import { ANSWERED, type HostileRequest, nest, query, REFUSED, times } from './hostileRequest.ts'

export const HTTP: readonly HostileRequest[] = [
  { name: 'a URL of 100,000 characters', search: `?query=${'a'.repeat(100_000)}`, method: 'GET', statuses: [431] },
  {
    name: 'a URL of 15,000 characters',
    search: `?query=${'a'.repeat(15_000)}`,
    method: 'GET',
    headers: { 'graphql-require-preflight': '1' },
    statuses: REFUSED,
  },
  {
    name: 'variables in a URL, 7,000 deep',
    search: `?query={__typename}&variables=${nest('[', '', ']', 7000)}`,
    method: 'GET',
    headers: { 'graphql-require-preflight': '1' },
    statuses: [200, 400],
  },
  {
    name: 'variables in a URL that are no JSON',
    search: '?query={__typename}&variables={',
    method: 'GET',
    headers: { 'graphql-require-preflight': '1' },
    statuses: REFUSED,
  },
  {
    name: 'a URL with broken escapes',
    search: '?query=%7B%ZZ%',
    method: 'GET',
    headers: { 'graphql-require-preflight': '1' },
    statuses: REFUSED,
  },
  {
    name: 'a credential of 10,000 blanks',
    body: query('{ __typename }'),
    headers: { authorization: `Bearer ${' '.repeat(10_000)}x y` },
    statuses: ANSWERED,
  },
  {
    name: 'a request id that would break the log',
    body: query('{ __typename }'),
    headers: { 'x-request-id': `$${'{'}jndi:ldap://x}"} {"level":"fatal` },
    statuses: ANSWERED,
  },
  {
    name: 'a body that says it is compressed',
    body: query('{ __typename }'),
    headers: { 'content-encoding': 'gzip' },
    statuses: [200, 400, 415],
  },
  {
    name: 'a content type of 10,000 parameters',
    body: query('{ __typename }'),
    headers: { 'content-type': `application/json${';a=b'.repeat(3000)}` },
    statuses: [200, 415],
  },
  {
    name: 'an accept header of 900 types',
    body: query('{ __typename }'),
    headers: { accept: `${times(900, (n) => `a/b;q=0.${n}`, ',')},application/json` },
    statuses: [200, 406],
  },
  { name: 'another method', method: 'DELETE', statuses: [403] },
]
