// What is measured: one way of doing one thing, again and again, by so many callers that each wait for their answer (a closed loop).
import process from 'node:process'
import { Latencies, type LatencyFigures } from '../load/latencies.ts'

/** What one contender did in one stretch of time. */
export interface Slot {
  readonly perSecond: number
  readonly latencies: LatencyFigures
  /** How much of one processor this process, the one that brings the load, took meanwhile; undefined where another one brought it. */
  readonly ownCpu: number | undefined
  /** What went wrong, the first few of it; none if every answer was right. */
  readonly faults: readonly string[]
}

export interface Contender {
  readonly name: string
  /** Never rejects: what goes wrong is among the faults. */
  measure(seconds: number): Promise<Slot>
  /** One operation, to count its statements; undefined where nobody could count. */
  readonly once?: () => Promise<void>
}

export interface LoopOptions {
  readonly name: string
  readonly callers: number
  /** Rejects if the answer was wrong. Callers are numbered from 0. */
  operation(caller: number): Promise<void>
  /** Before each stretch, outside of the time. */
  prepare?(seconds: number): Promise<void>
  /** After each stretch, outside of the time: rejects if the database does not hold what was done. */
  verify?(): Promise<void>
}

const MOST_FAULTS = 5

export function loopContender({ name, callers, operation, prepare, verify }: LoopOptions): Contender {
  return {
    name,
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
        while (performance.now() < end && faults.length < MOST_FAULTS)
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
