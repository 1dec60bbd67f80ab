// The refusals of one server: their queue, and the service that stores them. Neither delays an
// answer.
import type { Service, ServiceLog } from '../database/service.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { DroppedReport } from './droppedReport.ts'
import { RefusalQueue } from './refusalQueue.ts'
import { runRefusals } from './runRefusals.ts'

export interface RefusalOptions {
  readonly ledger: Ledger
  /** On shutdown a running statement is cancelled after this time. */
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

export interface Refusals {
  readonly queue: RefusalQueue
  /** Starts to store what is queued. */
  start(): void
  /** Stores what is left. Safe to call before `start`. */
  stop(): Promise<void>
}

export function openRefusals({ ledger, shutdownTimeoutMs, log }: RefusalOptions): Refusals {
  const dropped = new DroppedReport(log)
  const queue = new RefusalQueue({ onDropped: ({ actor }) => dropped.add(1, { actor }) })
  let service: Service | undefined
  return {
    queue,
    start: () => {
      service = runRefusals({ ledger, queue, shutdownTimeoutMs, log, dropped })
    },
    stop: async () => service?.stop(),
  }
}
