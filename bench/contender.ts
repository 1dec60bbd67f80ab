// A contender: one way to do an operation. A given number of callers repeat it, and each waits for
// its response (a closed loop).
import process from 'node:process'
import { Latencies, type LatencyFigures } from '../load/latencies.ts'

/** What one contender did in one measurement. */
export interface Slot {
  readonly perSecond: number
  readonly latencies: LatencyFigures
  /**
   * Share of one processor used by this process, which generates the load. Undefined if another
   * process generates it.
   */
  readonly ownCpu: number | undefined
  /** The first few faults. Empty if every response was correct. */
  readonly faults: readonly string[]
}

export interface Contender {
  readonly name: string
  /** The process that answers. Undefined: it is not known, or it is the one that sends. */
  readonly pid?: number | undefined
  /** Never rejects: errors are in `faults`. */
  measure(seconds: number): Promise<Slot>
  /** Runs one operation to count its statements. Undefined if they cannot be counted. */
  readonly once?: () => Promise<void>
}

export interface LoopOptions extends Pick<Contender, 'name' | 'pid'> {
  readonly callers: number
  /** Rejects if the response is wrong. Callers are numbered from 0. */
  operation(caller: number): Promise<void>
  /** Runs before each measurement and is not timed. */
  prepare?(seconds: number): Promise<void>
  /**
   * Runs after each measurement and is not timed. Rejects if the database does not contain the
   * result.
   */
  verify?(): Promise<void>
}

const MAX_FAULTS = 5

export function loopContender({ name, pid, callers, operation, prepare, verify }: LoopOptions): Contender {
  return {
    name,
    pid,
    async once() {
      await prepare?.(1)
      await operation(0)
    },
    async measure(seconds) {
      const latencies = new Latencies()
      const faults: string[] = []
      const note = (error: unknown): void => void faults.push(error instanceof Error ? error.message : String(error))
      await prepare?.(seconds).catch(note)
      const cpuBefore = process.cpuUsage()
      const startedAt = performance.now()
      const end = startedAt + seconds * 1000
      const call = async (caller: number): Promise<void> => {
        do await latencies.time(() => operation(caller)).catch(note)
        while (performance.now() < end && faults.length < MAX_FAULTS)
      }
      await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)))
      const elapsedMs = performance.now() - startedAt
      const { user, system } = process.cpuUsage(cpuBefore)
      await verify?.().catch(note)
      const { figures } = latencies
      return {
        perSecond: (figures.count / elapsedMs) * 1000,
        latencies: figures,
        ownCpu: (user + system) / 1000 / elapsedMs,
        faults,
      }
    },
  }
}
