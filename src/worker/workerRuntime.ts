// What every kind of worker consists of, wired together: its connection, its slots, the leases of what it holds, and how it stops. How it comes
// by jobs is the matter of each kind.
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

/** What claiming jobs takes. */
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
  private readonly keeping: Promise<void>

  /** Open: it keeps the leases of what is in its slots, and listens to the request to stop. @throws WorkerOptionsError */
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
      end: new OutcomeReporter(client, { ...settings, shutdown }),
      emit,
      handlersAbandoned,
      onRefusal,
    }
    this.keeping = leases.keep(slots.held, shutdown, onRefusal)
  }

  /** Runs a job that is in a slot to its end. Never rejects. */
  async run(held: HeldJob): Promise<void> {
    await runJob(held, this.jobRun)
    if (held.isLost) this.parts.lostClaims.forget(held.job)
  }

  /** Waits for the running jobs. @throws what made the worker stop by itself */
  async close(): Promise<void> {
    const { slots, stop } = this.parts
    await slots.whenEmpty()
    stop.close()
    await this.keeping
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
