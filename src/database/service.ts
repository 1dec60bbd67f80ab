// Work that a process does by itself for as long as it lives, and how it ends: what runs has a while to end, then its statements are cancelled.
import { withAbortSignal } from './cancellation.ts'

export interface Service {
  /** Lets what is just being done end, and resolves when nothing is done any more. Safe to call twice. */
  stop(): Promise<void>
}

/** Where chores tell what they do; a logger of pino is one. */
export interface ServiceLog {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export interface ServiceWork {
  /** What runs when the chore is stopped has so long to end. */
  readonly shutdownTimeoutMs: number
  /** Does the work until `stopping` is aborted; its statements end with `givingUp`. Never rejects. */
  run(stopping: AbortSignal, givingUp: AbortSignal): Promise<void>
  /** When the work has ended. */
  close(): Promise<void>
}

export function startService({ shutdownTimeoutMs, run, close }: ServiceWork): Service {
  const stopping = new AbortController()
  const givingUp = new AbortController()
  const ended = withAbortSignal(givingUp.signal, () => run(stopping.signal, givingUp.signal))
  const stop = async (): Promise<void> => {
    stopping.abort()
    const timer = setTimeout(() => givingUp.abort(), shutdownTimeoutMs)
    await ended.finally(() => clearTimeout(timer))
    await close()
  }
  let stopped: Promise<void> | undefined
  return { stop: () => (stopped ??= stop()) }
}
