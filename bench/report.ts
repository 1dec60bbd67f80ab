// The results of a run: one row for each contender of each case, as text and as Markdown.
import type { CaseResult, ContenderResult, RoundSettings, Spread } from './benchCase.ts'

/** The environment and the settings of the measurements. */
export interface RunFacts {
  readonly date: string
  readonly machine: string
  readonly node: string
  readonly database: string
  readonly jobs: number
  readonly rounds: number
  readonly seconds: number
  readonly callers: number
}

const MIN_ROUNDS = 5
const MIN_SECONDS = 1

const COLUMNS = [
  'case',
  'callers',
  'who',
  'requests/s',
  'median ms',
  'p95 ms',
  'p99 ms',
  'statements',
  'ratio',
  'load CPU',
  'server us',
  'database us',
] as const

type Row = Readonly<Record<(typeof COLUMNS)[number], string>>

/**
 * The rows of a case: first the subject, then the references with the ratios of the subject to
 * them.
 */
export function rowsOf({ name, callers, measure, contenders, ratios, faults, missing }: CaseResult): Row[] {
  const rows = contenders.map((contender, index) => ({
    case: name,
    callers: String(callers),
    ...figures(contender),
    ratio: index === 0 ? '' : ratioText(ratios[contender.name], measure, faults),
  }))
  const [first, ...others] = rows
  if (first === undefined) return []
  const note = faults.length > 0 ? 'wrong' : missing && `no ${missing}`
  return [{ ...first, ratio: note ?? '' }, ...others]
}

function figures({ name, perSecond, medianMs, p95Ms, p99Ms, statements, ownCpu, ...cost }: ContenderResult) {
  return {
    who: name,
    'requests/s': spreadText(perSecond, (value) => value.toFixed(value < 100 ? 1 : 0)),
    'median ms': medianMs.median.toFixed(2),
    'p95 ms': p95Ms.median.toFixed(2),
    'p99 ms': p99Ms.median.toFixed(2),
    statements: statements === undefined ? '' : String(Math.round(statements * 100) / 100),
    'load CPU': ownCpu === undefined ? '' : `${Math.round(ownCpu * 100)} %`,
    'server us': cost.serverUs === undefined ? '' : cost.serverUs.toFixed(0),
    'database us': cost.databaseUs === undefined ? '' : cost.databaseUs.toFixed(0),
  }
}

function ratioText(ratio: Spread | undefined, measure: CaseResult['measure'], faults: readonly string[]): string {
  if (ratio === undefined) return faults.length > 0 ? 'refused' : ''
  const text = spreadText(ratio, (value) => value.toFixed(2))
  return measure === 'latency' ? `${text} x the latency` : `${text} x`
}

function spreadText({ median, min, max }: Spread, format: (value: number) => string): string {
  return `${format(median)} (${format(min)} to ${format(max)})`
}

/** A table for the terminal, with the rows of one case. */
export function textTable(rows: readonly Row[]): string {
  const columns = COLUMNS.filter((column) => column !== 'case')
  return alignedText([columns, ...rows.map((row) => columns.map((column) => row[column]))])
}

/** Aligns lines with the same number of cells in columns. */
export function alignedText(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, index) => Math.max(...lines.map((cells) => cells[index]?.length ?? 0))) ?? []
  return lines
    .map((cells) =>
      cells
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/**
 * The whole report: the environment, the table of the cases if any ran, and `others`, which are
 * separate tables.
 */
export function markdown(facts: RunFacts, results: readonly CaseResult[], others: readonly string[]): string {
  const measured = `Measured on ${facts.date}: ${facts.machine}; Node ${facts.node}; ${facts.database}.`
  const size = `${facts.jobs} jobs, ${4 * facts.jobs} records; at most ${facts.callers} callers.`
  return [measured, size, '', ...(results.length > 0 ? casesMarkdown(facts, results) : []), ...others].join('\n')
}

function casesMarkdown(facts: RunFacts, results: readonly CaseResult[]): string[] {
  const { rounds, seconds } = facts
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rows = results.flatMap(rowsOf)
  return [
    `${rounds} alternating rounds of ${seconds} s (a third of it where there is one caller) after as long a warm-up.`,
    ...caveats(facts),
    '',
    line(COLUMNS),
    line(COLUMNS.map(() => '---')),
    ...rows.map((row) => line(COLUMNS.map((column) => row[column]))),
    '',
    ...results.map(({ name, title }) => `- ${name}: ${title}`),
    ...wrongResponses(results),
    '',
    ...LEGEND,
    '',
  ]
}

/** A warning if the rounds are too few or too short for a result. Empty otherwise. */
export function caveats({ rounds, seconds }: RoundSettings): string[] {
  return rounds < MIN_ROUNDS || seconds < MIN_SECONDS
    ? ['Fewer than five rounds of a second: a trial, not a measurement.']
    : []
}

export function wrongResponses(results: readonly CaseResult[]): string[] {
  return results.flatMap(({ name, faults }) => faults.map((fault) => `- WRONG in ${name}: ${fault}`))
}

const LEGEND = [
  'Requests per second and ratios: median of the rounds (minimum to maximum). Latencies: ' +
    'median of the rounds. A ratio is that of the first',
  'row of its case to the row it stands in: of requests per second, where more is better, or ' +
    'of median latencies, where less is.',
  'Statements: SQL statements for one request, counted on the wire. Load CPU: of one ' +
    'processor, by the process that sends the requests',
  '(and, in the rows of pg, is itself what is measured). Server us, database us: processor time ' +
    'in microseconds for one request, of the process that answers and of its sessions.',
]
