// How a command that runs until it is stopped hears of it.

/** A signal that comes again within this time is the same one: npm passes on what the terminal has sent to everybody already. */
const ECHO_MS = 1000

/** The first signal resolves; the second ends the process at once, with the status a shell expects. */
export function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | undefined
    const onSignal = (signal: NodeJS.Signals): void => {
      if (askedAt === undefined) {
        askedAt = performance.now()
        resolve(signal)
      } else if (performance.now() - askedAt > ECHO_MS) process.exit(signal === 'SIGINT' ? 130 : 143)
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}
