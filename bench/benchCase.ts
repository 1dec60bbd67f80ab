// A case: what is compared, and its result. Rounds alternate between contenders, so that other load
// on the machine affects all of them equally.
import type { Contender, Slot } from './contender.ts'
import { type MeasuredProcesses, measureWithCost, type RequestCost } from './processorTime.ts'

export interface BenchCase {
  /** The name for --only. */
  readonly name: string
  readonly title: string
  /**
   * The unit of the ratio: requests per second (higher is better) or median latency (lower is
   * better).
   */
  readonly measure: 'requests/s' | 'latency'
  readonly callers: number
  readonly subject: Contender
  readonly references: readonly Contender[]
  /** The target of the subject; reported as missed if the median of the rounds is higher. */
  readonly maxP95Ms?: number
  /** Why an expected reference is missing. */
  readonly missing?: string | undefined
  /** Rejects unless subject and references give the same, correct response. */
  verify?(): Promise<void>
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface ContenderResult extends RequestCost {
  readonly name: string
  readonly perSecond: Spread
  readonly medianMs: Spread
  readonly p95Ms: Spread
  readonly p99Ms: Spread
  /** Share of one processor used by the process that generates the load. */
  readonly ownCpu: number | undefined
  readonly statements: number | undefined
}

export interface CaseResult extends Pick<BenchCase, 'name' | 'title' | 'measure' | 'callers' | 'missing'> {
  readonly contenders: readonly ContenderResult[]
  /**
   * Ratio of the subject to each reference, by the name of the reference. Empty after any fault.
   */
  readonly ratios: Readonly<Record<string, Spread>>
  /** Why there is no ratio. Empty if every response was correct. */
  readonly faults: readonly string[]
}

export interface RoundSettings {
  readonly rounds: number
  /**
   * Duration of each contender in each round, and of its warm-up before the first round. Cases that
   * measure latency use a third of it.
   */
  readonly seconds: number
}

/**
 * Sequential requests need less time to measure the latency than concurrent requests need to
 * measure the throughput.
 */
const LATENCY_SHARE = 1 / 3

export interface CaseFacts extends MeasuredProcesses {
  /** The number of statements per operation of each contender. */
  readonly statements?: ReadonlyMap<string, number> | undefined
}

type CostedSlot = Slot & RequestCost

/** Runs all rounds of a case. */
export async function measureCase(
  benchCase: BenchCase,
  { rounds, seconds }: RoundSettings,
  { statements = new Map(), client }: CaseFacts,
): Promise<CaseResult> {
  const { name, title, measure, callers, missing, subject, references } = benchCase
  const contenders = [subject, ...references]
  const faults: string[] = []
  await benchCase.verify?.().catch((error: Error) => faults.push(error.message))
  const slots = new Map<Contender, CostedSlot[]>(contenders.map((contender) => [contender, []]))
  const run = async (contender: Contender): Promise<CostedSlot> => {
    const duration = measure === 'latency' ? seconds * LATENCY_SHARE : seconds
    const slot = await measureWithCost(contender, duration, { client })
    faults.push(...slot.faults.map((fault) => `${contender.name}: ${fault}`))
    return slot
  }
  for (const contender of contenders) await run(contender)
  for (let round = 0; round < rounds; round += 1) {
    // The first contender affects the state of the machine for the second, so they swap places.
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      slots.get(contender)?.push(await run(contender))
    }
  }
  const of = (contender: Contender): CostedSlot[] => slots.get(contender) ?? []
  const ratio = (reference: Contender): Spread =>
    spread(of(subject).map((slot, round) => ratioOf(measure, slot, of(reference)[round] as CostedSlot)))
  faults.push(...missedTarget(summary(subject, of(subject), undefined), benchCase.maxP95Ms))
  return {
    ...{ name, title, measure, callers, missing },
    contenders: contenders.map((contender) => summary(contender, of(contender), statements.get(contender.name))),
    ratios: faults.length > 0 ? {} : Object.fromEntries(references.map((one) => [one.name, ratio(one)])),
    faults: [...new Set(faults)],
  }
}

function missedTarget({ p95Ms }: ContenderResult, maxMs = Number.POSITIVE_INFINITY): string[] {
  return p95Ms.median > maxMs ? [`the p95 is ${p95Ms.median.toFixed(0)} ms (target: ${maxMs} ms)`] : []
}

function ratioOf(measure: BenchCase['measure'], subject: Slot, reference: Slot): number {
  if (measure === 'requests/s') return subject.perSecond / reference.perSecond
  return subject.latencies['median ms'] / reference.latencies['median ms']
}

function summary({ name }: Contender, slots: readonly CostedSlot[], statements: number | undefined): ContenderResult {
  const median = (of: (slot: CostedSlot) => number | undefined): number | undefined => {
    const values = slots.map(of).filter((value) => value !== undefined)
    return values.length > 0 ? spread(values).median : undefined
  }
  return {
    name,
    perSecond: spread(slots.map(({ perSecond }) => perSecond)),
    medianMs: spread(slots.map(({ latencies }) => latencies['median ms'])),
    p95Ms: spread(slots.map(({ latencies }) => latencies['p95 ms'])),
    p99Ms: spread(slots.map(({ latencies }) => latencies['p99 ms'])),
    ownCpu: median(({ ownCpu }) => ownCpu),
    serverUs: median(({ serverUs }) => serverUs),
    databaseUs: median(({ databaseUs }) => databaseUs),
    statements,
  }
}

/** The median of at least one value. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number): number => sorted[Math.floor(index)] ?? Number.NaN
  const middle = (sorted.length - 1) / 2
  return { median: (at(middle) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) }
}
