// Several workers under a supervisor: one that is killed is started again. That one ends by itself is a fault.
import { type DetachedProgram, startDetached } from '../load/detachedProgram.ts'
import type { Faults } from './faults.ts'

/** A job whose completion the server has confirmed to the worker that had claimed it at this version. */
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
  /** Since somebody looked last and took them out. */
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

  /** So many completions were confirmed; a few of them, of workers that were killed, nobody has heard of. */
  get completed(): number {
    return this.done.size
  }

  /** By SIGKILL; any number names one of them. */
  kill(which: number): void {
    const worker = this.workers[which % this.workers.length]
    if (worker === undefined) return
    worker.wasKilled = true
    worker.current.kill('SIGKILL')
  }

  /** Lets the workers end what they hold. */
  async stop(): Promise<void> {
    this.isStopping = true
    for (const { current } of this.workers) current.kill('SIGTERM')
    await this.supervising
  }

  /** The synchronous end, for a process that is exiting. */
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
      // One that has just been started does not hear of the stop yet.
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

/** Undefined for a line that was never ended, because its worker was killed. */
function parse(line: string): ({ readonly type: string } & ConfirmedCompletion) | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
