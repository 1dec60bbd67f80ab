// Checks once a second whether the ledger is on another timeline: connections survive the promotion
// of a standby and the replacement of tables. New connections are checked when they are opened
// (database/transactionOrder.ts).
import { setTimeout as sleep } from 'node:timers/promises'
import { type Service, type ServiceLog, type ServiceWork, startService } from '../database/service.ts'
import type { TimelineCheck } from '../database/transactionOrder.ts'

const POLL_MS = 1000

/** Does not keep the process alive. */
export function watchTimeline(
  { shutdownTimeoutMs }: Pick<ServiceWork, 'shutdownTimeoutMs'>,
  check: TimelineCheck,
  log: ServiceLog,
): Service {
  return startService({
    shutdownTimeoutMs,
    async run(stopping, forceStop) {
      for (;;) {
        await sleep(POLL_MS, undefined, { ref: false, signal: stopping }).catch(() => undefined)
        if (stopping.aborted) break
        await forceStop
          .run(() => check.run())
          .catch((error: unknown) => log.debug({ err: error }, 'timeline check failed'))
      }
    },
    close: async () => undefined,
  })
}
