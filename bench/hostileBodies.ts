// The request bodies within the limits that use the most time of the server's thread, by kind.

const numbers = (count: number): number[] => Array.from({ length: count }, () => 1)
const objects = (count: number): object[] => Array.from({ length: count }, () => ({}))
const names = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]))
const times = (count: number, field: (n: number) => string): string =>
  `{ ${Array.from({ length: count }, (_, n) => field(n)).join(' ')} }`

const BY_METADATA = 'query ($metadata: JSONObject) { jobCount(filter: { metadata: $metadata }) }'

export const HOSTILE_BODIES: readonly string[] = [
  { query: '{ __typename }', variables: { a: numbers(590_000) } },
  { query: BY_METADATA, variables: { metadata: { a: objects(59_000) } } },
  { query: BY_METADATA, variables: { metadata: names(59_000) } },
  { query: times(490, (n) => `a${n}: jobCount`) },
  { query: times(1900, (n) => `unknown${n}`) },
  { query: '{ unknown }' },
].map((body) => JSON.stringify(body))
