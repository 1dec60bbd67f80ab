// Waits for a signal to stop a command: Ctrl-C, a supervisor, or a closed terminal.
import { constants } from 'node:os'
import { ECHO_MS } from '../worker/stopRequest.ts'

/**
 * Resolves on the first signal; the second ends the process at once, with the exit code of a shell.
 */
export function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let requestedAt: number | undefined
    const onSignal = (signal: NodeJS.Signals): void => {
      if (requestedAt === undefined) {
        requestedAt = performance.now()
        resolve(signal)
      } else if (performance.now() - requestedAt > ECHO_MS) process.exit(exitCodeOf(signal))
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}

/** The exit code that a shell reports for a process ended by a signal. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
