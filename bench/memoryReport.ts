// Decides whether the memory of the server is flat, and formats the table that shows it.
import { spread } from './benchCase.ts'
import type { MemoryResult, MemoryStep } from './memory.ts'
import { alignedText } from './report.ts'

/** Caches fill up during these steps. */
const FILLING_SHARE = 1 / 5
/** Smaller differences are noise, however steady the steps are. */
const NOISE_SHARE = 0.02

export interface Flatness {
  readonly isFlat: boolean
  /** Growth of the later half over the earlier one, in bytes, and how much of it may be noise. */
  readonly growth: number
  readonly noise: number
}

/** Growth of the heap after collections. Undefined if there are too few steps. */
export function flatness(steps: readonly Pick<MemoryStep, 'requests' | 'heapUsed'>[]): Flatness | undefined {
  const filledAt = (steps.at(-1)?.requests ?? 0) * FILLING_SHARE
  const heaps = steps.filter(({ requests }) => requests > filledAt).map(({ heapUsed }) => heapUsed)
  if (heaps.length < 4) return undefined
  const half = Math.floor(heaps.length / 2)
  const earlier = spread(heaps.slice(0, half))
  const later = spread(heaps.slice(-half))
  const growth = later.median - earlier.median
  const noise = Math.max(earlier.max - earlier.min, NOISE_SHARE * earlier.median)
  return { isFlat: growth <= noise, growth, noise }
}

const COLUMNS = ['requests so far', 'resident MB', 'heap MB', 'outside the heap MB']

function cellsOf({ requests, rss, heapUsed, external }: MemoryStep): string[] {
  return [String(requests), ...[rss, heapUsed, external].map(megabytes)]
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}

/** For the terminal. */
export function memoryText(result: MemoryResult): string {
  return [alignedText([COLUMNS, ...result.steps.map(cellsOf)]), verdict(result)].join('\n')
}

export function memoryMarkdown(result: MemoryResult): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const mix = Object.entries(result.mix).map(([kind, percent]) => `${kind} ${percent} %`)
  return [
    `Memory of the server: ${verdict(result)}`,
    '',
    line(COLUMNS),
    line(COLUMNS.map(() => '---:')),
    ...result.steps.map(cellsOf).map(line),
    '',
    `Requests, ${Math.round(result.perSecond)} a second: ${mix.join(', ')}.`,
    ...result.faults.map((fault) => `- WRONG in memory: ${fault}`),
    '',
    ...LEGEND,
    '',
  ].join('\n')
}

function verdict({ steps, faults }: MemoryResult): string {
  if (faults.length > 0) return 'not judged, because some responses were wrong.'
  const judged = flatness(steps)
  if (judged === undefined) return 'not judged, because there are too few steps.'
  const { isFlat, growth, noise } = judged
  return `${isFlat ? 'flat' : 'NOT flat'}: the heap grew by ${megabytes(growth)} MB, where up to ${megabytes(noise)} MB are noise.`
}

const LEGEND = [
  'Resident: as it stands, before the collection; the rest after a full collection. Flat: ' +
    'after the first fifth of the requests, in which',
  'caches fill, the median heap of the later half of the steps is above that of the earlier ' +
    'half by no more than the steps of the earlier',
  'half differ among themselves, or than 2 %.',
]
