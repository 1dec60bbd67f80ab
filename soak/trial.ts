// The trial: workers, the server and PostgreSQL are killed repeatedly under load. Afterwards no
// data may be missing. Errors are collected in its faults. It throws only if it cannot continue.
import { setTimeout as pause } from 'node:timers/promises'
import { randomFrom } from '../src/commands/seed/random.ts'
import { onServer } from '../test/support/testRun.ts'
import { Creators } from './creators.ts'
import { Faults } from './faults.ts'
import { KillablePostgres } from './killablePostgres.ts'
import { carryOut, type Victims } from './killer.ts'
import { drawPlan, type PlanOptions } from './killPlan.ts'
import { SupervisedServer } from './supervisedServer.ts'
import { findConfirmationFaults, findRoundFaults, statesOf } from './verdict.ts'
import { WorkerFleet } from './workerFleet.ts'

export interface TrialOptions {
  /** The seed of the kill plans. The same seed gives the same plans. */
  readonly seed: number
  /** Whether to run the server from the output of `npm run build`. */
  readonly isBuilt?: boolean
  /** Called for each kill. */
  report?(what: string): void
}

export interface RoundSummary {
  readonly jobs: number
  readonly seconds: number
  /**
   * Time of each recovery without a restart, from when PostgreSQL accepted connections, in
   * milliseconds.
   */
  readonly recoveriesMs: readonly number[]
  /** Number of requests that creators sent again. */
  readonly retries: number
}

/** Maximum time without any progress. Then the trial fails. */
const TIMEOUT_MS = 120_000
const POLL_MS = 100
const WORKERS = 3
/** Maximum number of waiting jobs. Low, so that creation and work overlap and kills hit both. */
const MAX_WAITING = 300
const ENVIRONMENT = {
  // Few connections, because all of them are reopened after each kill.
  DATABASE_POOL_MIN: '4',
  DATABASE_POOL_MAX: '6',
  MAINTENANCE_INTERVAL_SECONDS: '1',
  // Failed work is retried soon.
  JOB_RETRY_BASE_MS: '100',
  JOB_RETRY_MAX_MS: '1000',
}

export class Trial {
  private readonly options: TrialOptions
  private readonly victims: Victims
  private readonly closing = new AbortController()
  private rounds = 0
  private closed: Promise<void> | undefined

  private constructor(options: TrialOptions, victims: Victims) {
    this.options = options
    this.victims = victims
  }

  static async open(options: TrialOptions): Promise<Trial> {
    const { seed, isBuilt = false } = options
    const faults = new Faults()
    const postgres = await KillablePostgres.make()
    try {
      const settings = { databaseUrl: postgres.url, environment: ENVIRONMENT, isBuilt }
      const server = await SupervisedServer.start({ ...settings, faults })
      const workers = new WorkerFleet({ endpoint: server.endpoint, size: WORKERS, seed, faults })
      return new Trial(options, { postgres, server, workers, faults })
    } catch (error) {
      await postgres.destroy()
      throw error
    }
  }

  get databaseUrl(): string {
    return this.victims.postgres.url
  }

  get faults(): readonly string[] {
    return this.victims.faults.all
  }

  /** Number of occurrences of each message in the log of the server. */
  get messageCounts(): ReadonlyMap<string, number> {
    return this.victims.server.log.messageCounts
  }

  /**
   * Runs one load with the kills that the seed gives for this round. Resolves when the result is
   * checked.
   */
  async round(plan: PlanOptions, signal?: AbortSignal): Promise<RoundSummary> {
    this.rounds += 1
    const startedAt = performance.now()
    const { server, postgres, workers, faults } = this.victims
    const seed = this.options.seed + this.rounds * 1000
    const userId = `round-${this.rounds}`
    const before = workers.completed
    const completed = (): number => workers.completed - before
    const creators: Creators = new Creators({
      endpoint: server.endpoint,
      userId,
      seed,
      faults,
      isFull: () => creators.acknowledged.size - completed() > MAX_WAITING,
    })
    const recoveriesMs = await this.killUnderLoad(plan, { creators, completed }, { seed, signal })
    await this.allCompleted(userId, signal)
    await onServer(postgres.url, async (client) => {
      const found = [
        ...(await findRoundFaults(client, userId, creators.acknowledged)),
        ...(await findConfirmationFaults(client, workers.confirmed.splice(0))),
      ]
      for (const fault of found) faults.note(fault)
    })
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    return { jobs: creators.acknowledged.size, seconds, recoveriesMs, retries: creators.retries }
  }

  /** Stops everything cleanly and removes the database. Safe to call twice. */
  close(): Promise<void> {
    this.closing.abort(new Error('The trial is closed.'))
    this.closed ??= this.stopAll()
    return this.closed
  }

  /** Stops synchronously, for a process that is exiting. */
  destroyAtExit(): void {
    const { workers, server, postgres } = this.victims
    workers.destroyAtExit()
    server.destroyAtExit()
    postgres.destroyAtExit()
  }

  private async stopAll(): Promise<void> {
    const { workers, server, postgres } = this.victims
    await workers.stop()
    await server.stop()
    await postgres.destroy()
  }

  /** Creates jobs until there are enough and all kills are done. */
  private async killUnderLoad(
    options: PlanOptions,
    { creators, completed }: { creators: Creators; completed(): number },
    { seed, signal }: { seed: number; signal: AbortSignal | undefined },
  ): Promise<number[]> {
    const failing = new AbortController()
    const ending = AbortSignal.any([failing.signal, this.closing.signal, ...(signal === undefined ? [] : [signal])])
    let isKilling = true
    const killing = carryOut(drawPlan(randomFrom(seed), options), this.victims, {
      completed,
      signal: ending,
      report: (what) => this.options.report?.(what),
    }).finally(() => {
      isKilling = false
    })
    killing.catch(() => failing.abort())
    await creators.run(() => !isKilling && creators.acknowledged.size >= options.jobs, ending)
    return await killing
  }

  private async allCompleted(userId: string, signal: AbortSignal | undefined): Promise<void> {
    await onServer(this.victims.postgres.url, async (client) => {
      let [last, progressAt] = ['', performance.now()]
      for (;;) {
        signal?.throwIfAborted()
        this.closing.signal.throwIfAborted()
        const states = await statesOf(client, userId)
        if (states === 'COMPLETED') return
        if (states !== last) [last, progressAt] = [states, performance.now()]
        if (performance.now() - progressAt > TIMEOUT_MS) throw new Error(`The round makes no more progress: ${states}.`)
        await pause(POLL_MS)
      }
    })
  }
}
