// Several workers under a supervisor: a killed one is restarted. One that exits by itself is a
// fault.
import { type DetachedProgram, startDetached } from '../load/detachedProgram.ts'
import type { Faults } from './faults.ts'

/** A job whose completion the server confirmed to the worker that claimed it at this version. */
export interface ConfirmedCompletion {
  readonly jobId: string
  readonly version: number
}

export interface WorkerFleetOptions {
  readonly endpoint: string
  readonly size: number
  readonly seed: number
  readonly faults: Faults
}

interface Worker {
  readonly name: string
  current: DetachedProgram
  wasKilled: boolean
}

export class WorkerFleet {
  /** Completions confirmed since the caller last removed them. */
  readonly confirmed: ConfirmedCompletion[] = []
  private readonly options: WorkerFleetOptions
  private readonly workers: readonly Worker[]
  private readonly supervising: Promise<unknown>
  private readonly done = new Set<string>()
  private starts = 0
  private isStopping = false

  constructor(options: WorkerFleetOptions) {
    this.options = options
    const names = Array.from({ length: options.size }, (_, n) => `worker-${n + 1}`)
    this.workers = names.map((name) => ({ name, current: this.begin(name), wasKilled: false }))
    this.supervising = Promise.all(this.workers.map((worker) => this.supervise(worker)))
  }

  /**
   * Number of confirmed completions. Those that killed workers could not report are not included.
   */
  get completed(): number {
    return this.done.size
  }

  /** Kills by SIGKILL. Any number identifies one of them. */
  kill(which: number): void {
    const worker = this.workers[which % this.workers.length]
    if (worker === undefined) return
    worker.wasKilled = true
    worker.current.kill('SIGKILL')
  }

  /** Lets the workers finish their jobs. */
  async stop(): Promise<void> {
    this.isStopping = true
    for (const { current } of this.workers) current.kill('SIGTERM')
    await this.supervising
  }

  /** Stops synchronously, for a process that is exiting. */
  destroyAtExit(): void {
    for (const { current } of this.workers) current.kill('SIGKILL')
  }

  private begin(name: string): DetachedProgram {
    const { endpoint, seed } = this.options
    this.starts += 1
    const program = startDetached(import.meta.resolve('./workerProcess.ts'), {
      words: [endpoint, name, String(seed + this.starts)],
    })
    program.lines.on('line', (line) => this.note(line))
    return program
  }

  private async supervise(worker: Worker): Promise<void> {
    for (;;) {
      const { code, signal, errors } = await worker.current.ended
      // A worker that has just started does not handle the signal yet.
      const hasStopped = this.isStopping && (code === 0 || signal === 'SIGTERM')
      const isInOrder = worker.wasKilled || hasStopped
      if (!isInOrder) this.options.faults.note(`A worker ended by itself: ${signal ?? `exit code ${code}`}\n${errors}`)
      if (this.isStopping) return
      worker.wasKilled = false
      worker.current = this.begin(worker.name)
    }
  }

  private note(line: string): void {
    const event = parse(line)
    if (event?.type !== 'completed') return
    const { jobId, version } = event
    if (this.done.has(jobId)) this.options.faults.note(`The completion of job ${jobId} was confirmed twice.`)
    this.done.add(jobId)
    this.confirmed.push({ jobId, version })
  }
}

/** Undefined for an incomplete line of a killed worker. */
function parse(line: string): ({ readonly type: string } & ConfirmedCompletion) | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
