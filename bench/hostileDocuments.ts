// The most expensive documents within the limits: those for which PostgreSQL reads the most.

const times = (count: number, field: (n: number) => string): string =>
  `{ ${Array.from({ length: count }, (_, n) => `a${n}: ${field(n)}`).join(' ')} }`

const FROM_TO = 'from: "2025-12-01T00:00:00Z", to: "2026-12-01T00:00:00Z"'

export const HOSTILE_DOCUMENTS: readonly string[] = [
  times(9, (n) => `jobs(first: 1, filter: { metadata: { a${n}: [] } }) { nodes { id } }`),
  times(33, (n) => `jobs(first: 1, filter: { metadata: { source: "api" }, presets: ["none-${n}"] }) { nodes { id } }`),
  times(
    33,
    (n) => `jobStateRecords(first: 1, filter: { actor: "none-${n}", newStates: [COMPLETED, FAILED] }) { nodes { id } }`,
  ),
  times(6, (n) => `jobStats(${FROM_TO}, bucket: DAY, filter: { presets: ["fast", "p${n}"] }) { created }`),
  times(9, () => 'jobStateRecords(first: 1, filter: { newStates: [COMPLETED] }) { totalCount }'),
]
