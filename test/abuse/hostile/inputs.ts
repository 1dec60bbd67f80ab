// Arguments of excessive size.
import { ANSWERED, type HostileRequest, query, REFUSED } from './hostileRequest.ts'

const EVIL = [
  '(a+)+$',
  `${'a'.repeat(30_000)}!`,
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '%s%n%x'.repeat(1000),
  "'; DROP TABLE jobs; --",
  '\\'.repeat(50_000),
]

const keys = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]))

export const INPUTS: readonly HostileRequest[] = [
  { name: 'a page of 1e9', body: query('{ jobs(first: 1000000000) { nodes { id } } }'), statuses: ANSWERED },
  {
    name: 'pages of 1e9 in pages of 1e9',
    body: query(
      '{ jobs(first: 1000000000) { nodes { stateHistory(first: 1000000000) { nodes { job { stateHistory(first: 1000000000) { nodes { id } } } } } } } }',
    ),
    statuses: REFUSED,
  },
  {
    name: 'a page of 1e30',
    body: query('{ jobs(first: 1000000000000000000000000000000) { nodes { id } } }'),
    statuses: REFUSED,
  },
  { name: 'a page of -1', body: query('{ jobs(first: -1) { nodes { id } } }'), statuses: ANSWERED },
  {
    name: '100,000 ids',
    body: query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: Array.from({ length: 100_000 }, (_, n) => String(n)),
    }),
    statuses: REFUSED,
  },
  {
    name: '100,000 states',
    body: query('query ($s: [JobState!]) { jobCount(filter: { states: $s }) }', {
      s: Array.from({ length: 100_000 }, () => 'PENDING'),
    }),
    statuses: REFUSED,
  },
  {
    name: '100,000 presets',
    body: query('query ($p: [String!]) { jobCount(filter: { presets: $p }) }', {
      p: Array.from({ length: 100_000 }, (_, n) => `p${n}`),
    }),
    statuses: REFUSED,
  },
  {
    name: '100,000 items of a batch',
    body: query('mutation ($i: [CreateJobInput!]!) { createJobs(inputs: $i) { __typename } }', {
      i: Array.from({ length: 60_000 }, () => ({ content: 'x' })),
    }),
    statuses: REFUSED,
  },
  {
    name: '100,000 faulty states',
    body: query('query ($s: [JobState!]) { jobCount(filter: { states: $s }) }', {
      s: Array.from({ length: 100_000 }, () => 'NONE'),
    }),
    statuses: REFUSED,
  },
  {
    name: '29,000 ids that may exist',
    body: query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: Array.from({ length: 29_000 }, (_, n) => Buffer.from(`JobStateRecord:${n + 1}`).toString('base64')),
    }),
    statuses: REFUSED,
  },
  {
    name: 'an input with 59,000 keys that nobody knows',
    body: query('query ($f: JobFilter) { jobCount(filter: $f) }', { f: keys(59_000) }),
    statuses: REFUSED,
  },
  {
    name: 'an input with 300,000 keys that nobody knows',
    body: query('query ($f: JobFilter) { jobCount(filter: $f) }', { f: keys(300_000) }),
    statuses: [400, 413],
  },
  {
    name: 'a large content beside keys that nobody knows',
    body: query('mutation ($i: CreateJobInput!) { createJob(input: $i) { __typename } }', {
      i: { content: 'x'.repeat(3_900_000), ...keys(60) },
    }),
    statuses: REFUSED,
  },
  {
    name: 'an input that lacks what it must have, beside 59,000 keys of metadata',
    body: query('mutation ($i: CreateJobInput!) { createJob(input: $i) { __typename } }', {
      i: { metadata: keys(59_000) },
    }),
    statuses: REFUSED,
  },
  {
    name: '59,000 variables that the operation does not have',
    body: query('{ viewer { actor } }', keys(59_000)),
    statuses: ANSWERED,
  },
  {
    name: '59,000 empty objects',
    body: query('query ($f: JobFilter) { jobCount(filter: $f) }', { f: { metadata: { a: Array(59_000).fill({}) } } }),
    statuses: ANSWERED,
  },
  {
    name: 'an id of a million characters',
    body: query('query ($id: ID!) { node(id: $id) { id } }', { id: 'A'.repeat(1_000_000) }),
    statuses: ANSWERED,
  },
  {
    name: 'a cursor of a million characters',
    body: query('query ($c: String) { jobs(after: $c) { nodes { id } } }', { c: 'A'.repeat(1_000_000) }),
    statuses: ANSWERED,
  },
  {
    name: 'an instant of a million characters',
    body: query('query ($t: DateTime) { jobCount(filter: { createdAfter: $t }) }', {
      t: `2026-01-01T00:00:00.${'9'.repeat(1_000_000)}Z`,
    }),
    statuses: ANSWERED,
  },
  {
    name: 'a name of a million characters',
    body: query('query ($u: String) { jobCount(filter: { userId: $u }) }', { u: '𝒜'.repeat(500_000) }),
    statuses: ANSWERED,
  },
  ...EVIL.map(
    (text): HostileRequest => ({
      name: `the text ${JSON.stringify(text.slice(0, 20))}`,
      body: query(
        'query ($u: String, $id: ID!) { jobCount(filter: { userId: $u, presets: [$u!] }) node(id: $id) { id } }'.replace(
          '$u!',
          '"x"',
        ),
        { u: text, id: text },
      ),
      statuses: ANSWERED,
    }),
  ),
]
