// The case `memory`: the memory of the server after many requests of all kinds, as it reports it at
// ten equal steps. Unlike other cases it has no reference and takes long, so it runs only if --only
// names it.
import type pg from 'pg'
import { type ServerProcess, startServerProcess } from '../load/serverProcess.ts'
import { BenchError } from './benchError.ts'
import { MemoryTraffic } from './memoryTraffic.ts'

/** A module that the server imports (NODE_OPTIONS). */
export const REPORTER = import.meta.resolve('./reportHeap.mjs')
const STEPS = 10

/** Memory of the server, in bytes. */
export interface MemoryStep {
  /** Number of requests so far. */
  readonly requests: number
  readonly rss: number
  /** Heap after a full collection. */
  readonly heapUsed: number
  /** Memory outside the heap after a full collection. */
  readonly external: number
}

export interface MemoryResult {
  readonly steps: readonly MemoryStep[]
  /** Share of each kind of request, in percent. */
  readonly mix: Readonly<Record<string, number>>
  readonly perSecond: number
  /** The first few wrong responses. Empty if all were correct. The steps end at the first ones. */
  readonly faults: readonly string[]
}

export interface MemoryOptions {
  readonly databaseUrl: string
  readonly client: pg.Client
  readonly callers: number
  readonly requests: number
  /** Called after each step. */
  onStep(step: MemoryStep): void
}

export async function measureMemory(options: MemoryOptions): Promise<MemoryResult> {
  const { databaseUrl, client, callers, requests, onStep } = options
  const program = startServerProcess({
    databaseUrl,
    isBuilt: true,
    environment: { MAINTENANCE_INTERVAL_SECONDS: '0', NODE_OPTIONS: `--import ${REPORTER}` },
  })
  try {
    const traffic = await MemoryTraffic.open({ endpoint: await program.endpoint, client, callers })
    try {
      const steps: MemoryStep[] = []
      const startedAt = performance.now()
      for (let step = 1; step <= STEPS && traffic.faults.length === 0; step += 1) {
        await traffic.sendUntil(Math.round((requests * step) / STEPS))
        steps.push({ requests: traffic.sent, ...(await held(program)) })
        onStep(steps.at(-1) as MemoryStep)
      }
      const perSecond = (traffic.sent / (performance.now() - startedAt)) * 1000
      await traffic.verify()
      return { steps, mix: traffic.mix, perSecond, faults: traffic.faults }
    } finally {
      traffic.close()
    }
  } finally {
    program.kill('SIGTERM')
    await program.ended
  }
}

/** The current memory of a server that was started with `REPORTER`. */
export function held({ lines, kill, ended }: ServerProcess): Promise<Omit<MemoryStep, 'requests'>> {
  return new Promise((resolve, reject) => {
    const look = (line: string): void => {
      if (!line.includes('"msg":"memory"')) return
      lines.off('line', look)
      const { rss, heapUsed, external } = JSON.parse(line) as MemoryStep
      resolve({ rss, heapUsed, external })
    }
    lines.on('line', look)
    void ended.then(({ errors }) => reject(new BenchError(`The server ended while it was measured.\n${errors}`)))
    kill('SIGUSR2')
  })
}
