// The sealer: adds a leaf for each new record to the tree, and signs checkpoints of it, in one
// replica at a time. Writers do not wait for it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdvisoryLock } from '../database/advisoryLock.ts'
import { failureFields, type Service, type ServiceLog, startService } from '../database/service.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { SEAL } from '../ledger/sealedTree.ts'
import { ConsumerFailures } from '../publishing/consumerFailures.ts'
import { Sealer, type SealerSettings } from './sealer.ts'
import { SealStoppedError } from './sealStoppedError.ts'

export interface RunSealerOptions extends SealerSettings {
  readonly ledger: Ledger
  readonly lock: AdvisoryLock
  /** On shutdown a running batch is cancelled and rolled back after this time. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

/** The name of the lock that the active process holds. */
export const SEAL_LOCK = 'seal'
/** Mean time between two polls. Random, so that replicas do not poll at the same time. */
const POLL_MS = 500
/** Time between two attempts after the seal has stopped, which needs an operator. */
const STOPPED_MS = 10_000
/** Maximum wait after another failure. The wait doubles with each failure. */
const MAX_RETRY_MS = 30_000

/** Starts immediately. Does not keep the process alive. */
export function runSealer(options: RunSealerOptions): Service {
  return startService({
    ...options,
    run: (stopping) => untilStopped(options, stopping),
    close: () => options.lock.release(),
  })
}

async function untilStopped({ ledger, lock, log, ...settings }: RunSealerOptions, signal: AbortSignal): Promise<void> {
  const sealer = new Sealer(ledger, settings)
  const stored = new ConsumerFailures(ledger, SEAL)
  let failures = 0
  let isActive = false

  /** Resolves to the time to wait before the next step. */
  async function step(): Promise<number> {
    const hasLock = await lock.hold(signal)
    if (hasLock !== isActive) sealer.reset()
    if (hasLock && !isActive) log.info({ origin: settings.origin }, 'acquired seal lock')
    isActive = hasLock
    const isBehind = hasLock && (await sealer.seal())
    if (failures > 0) log.info({ origin: settings.origin }, 'sealing resumed')
    failures = 0
    if (isActive) await stored.succeeded()
    return isBehind ? 0 : POLL_MS * (0.5 + Math.random())
  }

  async function afterFailure(error: unknown): Promise<number> {
    failures += 1
    sealer.reset()
    const isStopped = error instanceof SealStoppedError
    if (!signal.aborted) {
      if (failures === 1) logFailure(error)
      if (isActive) await stored.failed(error)
    }
    return isStopped ? STOPPED_MS : Math.min(MAX_RETRY_MS, POLL_MS * 2 ** failures)
  }

  /** Once per outage, not on every attempt. */
  function logFailure(error: unknown): void {
    if (error instanceof SealStoppedError) log.error({ reason: error.message }, STOPPED)
    else log.warn(failureFields(error), FAILED)
  }

  while (!signal.aborted) {
    const ms = await step().catch(afterFailure)
    if (ms > 0) await sleep(ms, undefined, { ref: false, signal }).catch(() => undefined)
  }
}

const STOPPED = 'sealing stopped'
const FAILED = 'sealing failed; retrying'
