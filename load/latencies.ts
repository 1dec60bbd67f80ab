// Latencies of requests, in a histogram, so that millions of them need no memory.
import { createHistogram } from 'node:perf_hooks'

export interface LatencyFigures {
  readonly count: number
  readonly 'median ms': number
  readonly 'p95 ms': number
  readonly 'p99 ms': number
  readonly 'max ms': number
}

export class Latencies {
  /** In microseconds. */
  private readonly histogram = createHistogram()

  record(ms: number): void {
    this.histogram.record(Math.max(1, Math.round(ms * 1000)))
  }

  /** Runs `work` and records its duration, unless it failed. */
  async time<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    const outcome = await work()
    this.record(performance.now() - startedAt)
    return outcome
  }

  get figures(): LatencyFigures {
    const { histogram } = this
    const ms = (microseconds: number): number => Math.round(microseconds / 10) / 100
    return {
      count: histogram.count,
      'median ms': ms(histogram.percentile(50)),
      'p95 ms': ms(histogram.percentile(95)),
      'p99 ms': ms(histogram.percentile(99)),
      'max ms': ms(histogram.count === 0 ? 0 : histogram.max),
    }
  }
}
