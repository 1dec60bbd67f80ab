// Documents that are expensive to parse, validate or execute.
import { ANSWERED, type HostileRequest, nest, query, REFUSED, times } from './hostileRequest.ts'

export const DOCUMENTS: readonly HostileRequest[] = [
  { name: '100,000 aliases', body: query(`{ ${times(100_000, (n) => `a${n}: __typename`)} }`), statuses: REFUSED },
  { name: '600 aliases', body: query(`{ ${times(600, (n) => `a${n}: __typename`)} }`), statuses: REFUSED },
  { name: '1,900 times the same field', body: query(`{ ${'__typename '.repeat(1900)} }`), statuses: REFUSED },
  { name: '10,000 directives', body: query(`{ __typename ${'@skip(if: false) '.repeat(10_000)} }`), statuses: REFUSED },
  { name: '600 unknown directives', body: query(`{ __typename ${'@a '.repeat(600)} }`), statuses: REFUSED },
  {
    name: 'fragments that double at each level',
    body: query(
      `{ jobs { nodes { ...F0 } } } ${times(20, (n) => `fragment F${n} on Job { a: result { job { ...F${n + 1} } } b: result { job { ...F${n + 1} } } }`)} fragment F20 on Job { id }`,
    ),
    statuses: REFUSED,
  },
  {
    name: 'fragments without fields that double at each level',
    body: query(
      `{ jobs { nodes { ...F0 } } } ${times(60, (n) => `fragment F${n} on Job { ...F${n + 1} ...F${n + 1} }`)} fragment F60 on Job { id }`,
    ),
    statuses: ANSWERED,
  },
  {
    name: 'fragments that each spread all later ones',
    body: query(
      `{ jobs { nodes { ...F0 } } } ${times(38, (n) => `fragment F${n} on Job { ${times(38 - n, (m) => `...F${n + m + 1}`)} }`)} fragment F38 on Job { id }`,
    ),
    statuses: ANSWERED,
  },
  {
    name: 'fragments that go round in circles',
    body: query(
      '{ jobs { nodes { ...A } } } fragment A on Job { result { job { ...B } } } fragment B on Job { result { job { ...A } } }',
    ),
    statuses: REFUSED,
  },
  {
    name: 'fields that could all conflict',
    body: query(`{ ${times(300, (n) => `...on Query { jobCount(filter: { userId: "${n % 2}" }) }`)} }`),
    statuses: REFUSED,
  },
  { name: 'fields 600 deep', body: query(nest('{ a ', '', '}', 600)), statuses: REFUSED },
  {
    name: 'legal fields 300 deep',
    body: query(`{ jobs { nodes ${nest('{ result { job ', '{ id }', '} }', 300)} } }`),
    statuses: REFUSED,
  },
  {
    name: 'list literals 900 deep',
    body: query(`{ jobs(filter: ${nest('[', '', ']', 900)}) { totalCount } }`),
    statuses: REFUSED,
  },
  {
    name: 'list literals 100,000 deep',
    body: query(`{ jobs(filter: ${nest('[', '', ']', 100_000)}) { totalCount } }`),
    statuses: REFUSED,
  },
  {
    name: 'object literals 600 deep',
    body: query(`{ jobs(filter: ${nest('{a:', '1', '}', 600)}) { totalCount } }`),
    statuses: REFUSED,
  },
  {
    name: 'a type of a variable 900 deep',
    body: query(`query ($a: ${nest('[', 'Int', ']', 900)}) { jobCount }`),
    statuses: REFUSED,
  },
  { name: 'a name of 250,000 characters', body: query(`{ ${'a'.repeat(250_000)} }`), statuses: REFUSED },
  {
    name: 'unknown fields by the hundred',
    body: query(`{ ${times(900, (n) => `jobz${n}${'s'.repeat(100)}`)} }`),
    statuses: REFUSED,
  },
  {
    name: 'a comment of 260,000 characters',
    body: query(`{ __typename } # ${'x'.repeat(260_000)}`),
    statuses: ANSWERED,
  },
  {
    name: 'a block string of 250,000 lines',
    body: query(`{ job(id: """${'\n '.repeat(120_000)}""") { id } }`),
    statuses: ANSWERED,
  },
  { name: '3 MB of brackets', body: query('{'.repeat(3_000_000)), statuses: REFUSED },
  { name: '3 MB of commas', body: query(','.repeat(3_000_000)), statuses: REFUSED },
  { name: '500 operations', body: query(times(500, (n) => `query Q${n} { __typename }`)), statuses: REFUSED },
  {
    name: '600 variables',
    body: query(`query (${times(400, (n) => `$v${n}: Int`)}) { __typename }`),
    statuses: REFUSED,
  },
  {
    name: 'fragments in fragments that come to a million',
    body: query(
      `{ job(id: "01890000-0000-7000-8000-000000000000") { ...L0 } } fragment F on Job { ${times(300, () => '... { id }')} } ${times(
        5,
        (level) =>
          `fragment L${level} on Job { ...F ${times(5, (n) => `r${n}: result { job { ...${level === 4 ? 'F' : `L${level + 1}`} } }`)} }`,
      )}`,
    ),
    statuses: REFUSED,
  },
]
