// Work that a process does in the background. When it stops, the current run has some time to
// finish. Then its statements are cancelled.
import { withAbortSignal } from './cancellation.ts'
import { DatabaseUnavailableError } from './retryableErrors.ts'

export interface Service {
  /** Lets the current run finish, and resolves when nothing runs any more. Safe to call twice. */
  stop(): Promise<void>
}

/** The log of a service. A pino logger fits. */
export interface ServiceLog {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** Aborted when a stopping service has used up its time. */
export interface ForceStop {
  readonly signal: AbortSignal
  /** Runs work whose statements are cancelled then. */
  run<T>(work: () => T): T
}

export interface ServiceWork {
  /** Maximum time that the current run has to finish when the service stops. */
  readonly shutdownTimeoutMs: number
  /**
   * Does the work until `stopping` is aborted. Never rejects.
   */
  run(stopping: AbortSignal, forceStop: ForceStop): Promise<void>
  /** Resolves when the work has ended. */
  close(): Promise<void>
}

export function startService({ shutdownTimeoutMs, run, close }: ServiceWork): Service {
  const stopping = new AbortController()
  const forceStop = new AbortController()
  const ended = run(stopping.signal, {
    signal: forceStop.signal,
    run: (work) => withAbortSignal(forceStop, work),
  })
  const stop = async (): Promise<void> => {
    stopping.abort()
    const timer = setTimeout(() => forceStop.abort(), shutdownTimeoutMs)
    await ended.finally(() => clearTimeout(timer))
    await close()
  }
  let stopped: Promise<void> | undefined
  return { stop: () => (stopped ??= stop()) }
}

/**
 * The fields of a log entry about a failure. An unavailable database is not a bug, so its reason is
 * enough and the stack is omitted.
 */
export function failureFields(error: unknown): object {
  if (!(error instanceof DatabaseUnavailableError)) return { err: error }
  const { reason, cause } = error
  return { reason, ...(cause instanceof Error && { cause: cause.message }) }
}

const MAX_FAILURE_CHARS = 1000

/** The failure in one line that PostgreSQL can store. */
export function failureText(error: unknown): string {
  const { reason, message } = Object(error) as { reason?: unknown; message?: unknown }
  const text = String((error instanceof DatabaseUnavailableError ? reason : message) ?? error)
  return text
    .replaceAll(/[\s\0]+/g, ' ')
    .trim()
    .slice(0, MAX_FAILURE_CHARS)
    .toWellFormed()
}
