// The parts that every kind of worker shares: HTTP client, slots, leases and stopping. Each kind
// has its own source of jobs.
import type { HeldJob } from './heldJob.ts'
import { Leases } from './leases.ts'
import { LostClaims } from './lostClaims.ts'
import { OutcomeReporter } from './outcomeReporter.ts'
import { type JobRun, runJob } from './runJob.ts'
import { Slots } from './slots.ts'
import { StopRequest } from './stopRequest.ts'
import { WorkerClient } from './workerClient.ts'
import { type Emit, emitterOf } from './workerEvent.ts'
import { settingsOf, type WorkerOptions, type WorkerSettings } from './workerOptions.ts'

/** What claiming jobs needs. */
export interface WorkerRuntimeParts {
  readonly client: WorkerClient
  readonly settings: WorkerSettings
  readonly slots: Slots
  readonly lostClaims: LostClaims
  readonly stop: StopRequest
}

export class WorkerRuntime {
  readonly parts: WorkerRuntimeParts
  private readonly jobRun: JobRun
  private readonly leaseLoop: Promise<void>

  /**
   * Starts to extend the leases of jobs in its slots, and to listen for stop requests.
   *
   * @throws WorkerOptionsError
   */
  constructor(options: WorkerOptions) {
    const settings = settingsOf(options)
    const emit = emitterOf((event) => options.onEvent?.(event))
    const stop = new StopRequest(settings, options)
    const { shutdown, handlersAbandoned } = stop
    const client = new WorkerClient({ ...settings, emit, shutdown })
    const slots = new Slots(settings.concurrency)
    const leases = new Leases(client, settings)
    const lostClaims = new LostClaims(client, settings)
    const onRefusal = (error: unknown): void => stop.fail(error)
    reportStop(stop, slots, emit)
    this.parts = { client, settings, slots, lostClaims, stop }
    this.jobRun = {
      handle: (job, context) => options.handle(job, context),
      extend: (held) => leases.extendOne(held, onRefusal),
      reporter: new OutcomeReporter(client, { ...settings, shutdown }),
      emit,
      handlersAbandoned,
      onRefusal,
    }
    this.leaseLoop = leases.keep(slots.held, shutdown, onRefusal)
  }

  /** Runs a job in a slot until its outcome is reported. Never rejects. */
  async run(held: HeldJob): Promise<void> {
    await runJob(held, this.jobRun)
    if (held.isLost) this.parts.lostClaims.forget(held.job)
  }

  /** Waits for the running jobs. @throws the error that stopped the worker, if any */
  async close(): Promise<void> {
    const { slots, stop } = this.parts
    await slots.whenEmpty()
    stop.close()
    await this.leaseLoop
    if (stop.failure !== undefined) throw stop.failure
  }
}

function reportStop(stop: StopRequest, slots: Slots, emit: Emit): void {
  stop.stopRequested.addEventListener('abort', () => {
    const error = stop.failure === undefined ? {} : { error: stop.failure }
    emit({ type: 'stopping', reason: stop.stopRequested.reason, runningJobs: slots.held.size, ...error })
    slots.notify()
  })
  stop.drainTimedOut.addEventListener('abort', () => {
    for (const held of slots.held) held.stop()
  })
}
