// How a command that runs until it is stopped hears of it: Ctrl-C, a supervisor, or a terminal that was closed.
import { constants } from 'node:os'
import { ECHO_MS } from '../worker/stopRequest.ts'

/** The first signal resolves; the second ends the process at once, with the status a shell expects. */
export function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | undefined
    const onSignal = (signal: NodeJS.Signals): void => {
      if (askedAt === undefined) {
        askedAt = performance.now()
        resolve(signal)
      } else if (performance.now() - askedAt > ECHO_MS) process.exit(exitStatusOf(signal))
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}

/** What a shell expects of a process that a signal has ended. */
export function exitStatusOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
