// The signals that come while a program runs for somebody: they are meant for the program.
import type { RunningProgram } from '../program/startProgram.ts'

const RELAYED = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** From its making until `close`, these signals do not end the process. */
export class SignalRelay {
  /** The signal that came before there was a program. */
  early: NodeJS.Signals | undefined
  private readonly atTerminal: boolean
  private program: RunningProgram | undefined
  private noProgram = new AbortController()

  /** `atTerminal`: the program is in our group, so that a Ctrl-C of the terminal reaches it without us. */
  constructor({ atTerminal }: { readonly atTerminal: boolean }) {
    this.atTerminal = atTerminal
    for (const signal of RELAYED) process.on(signal, this.onSignal)
  }

  /** Aborted after so long, and by a signal that comes while there is no program, before it or after it. */
  patience(ms: number): AbortSignal {
    const patience = new AbortController()
    const { signal } = this.noProgram
    const end = (): void => patience.abort(signal.reason)
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
    setTimeout(() => patience.abort(new Error(`no answer within ${ms / 1000} s`)), ms).unref()
    return patience.signal
  }

  /** From now on they are passed on to this program. */
  begin(program: RunningProgram): void {
    this.program = program
    if (this.early) program.send(this.early)
  }

  /** The program has ended. */
  end(): void {
    this.program = undefined
    this.noProgram = new AbortController()
  }

  close(): void {
    for (const signal of RELAYED) process.off(signal, this.onSignal)
  }

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    if (this.program === undefined) {
      this.early ??= signal
      this.noProgram.abort(new Error(`${signal} came`))
    } else if (signal !== 'SIGINT' || !this.atTerminal) this.program.send(signal)
  }
}
