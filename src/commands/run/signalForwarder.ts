// Forwards signals of this process to the program that it runs.
import inspector from 'node:inspector'
import type { RunningProgram } from '../program/startProgram.ts'

/**
 * Signals whose default action ends a process. Left out are signals about the process itself
 * (SIGSEGV), its pipes, files and children (SIGPIPE, SIGXFSZ, SIGCHLD) and its terminal use
 * (SIGTTIN, SIGTTOU), and SIGPROF, which V8 uses. Without a listener, SIGUSR1 opens Node's
 * debugger.
 */
const TERMINATING = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGIO',
  'SIGPWR',
] as const
/** Signals whose default action does not stop a running process. */
const HARMLESS = ['SIGCONT', 'SIGWINCH', 'SIGURG'] as const
/** Signals that a terminal sends to its foreground group on Ctrl-C and Ctrl-\. */
const KEYBOARD: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT'])

/** From construction until `close`, these signals do not end this process. */
export class SignalForwarder {
  /** The first terminating signal that arrived before the program started. */
  early: NodeJS.Signals | undefined
  private readonly atTerminal: boolean
  private program: RunningProgram | undefined
  private noProgram = new AbortController()

  /** `atTerminal`: the program is in our process group and receives keyboard signals directly. */
  constructor({ atTerminal }: { readonly atTerminal: boolean }) {
    this.atTerminal = atTerminal
    for (const signal of TERMINATING) process.on(signal, this.onTerminating)
    closeDebugger()
    // At a terminal, the terminal stops, continues and resizes the program directly.
    if (atTerminal) return
    for (const signal of HARMLESS) process.on(signal, this.onHarmless)
    process.on('SIGTSTP', this.onStop)
  }

  /** A signal that aborts after `ms`, or on a terminating signal while no program runs. */
  timeout(ms: number): AbortSignal {
    const controller = new AbortController()
    const { signal } = this.noProgram
    const end = (): void => controller.abort(signal.reason)
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
    setTimeout(() => controller.abort(new Error(`no response within ${ms / 1000} s`)), ms).unref()
    return controller.signal
  }

  /** Forwards signals to this program from now on. */
  forwardTo(program: RunningProgram): void {
    this.program = program
    if (this.early) program.send(this.early)
  }

  /** The program has ended. */
  end(): void {
    this.program = undefined
    this.noProgram = new AbortController()
  }

  close(): void {
    for (const signal of TERMINATING) process.off(signal, this.onTerminating)
    for (const signal of HARMLESS) process.off(signal, this.onHarmless)
    process.off('SIGTSTP', this.onStop)
  }

  private readonly onTerminating = (signal: NodeJS.Signals): void => {
    if (this.program === undefined) {
      this.early ??= signal
      this.noProgram.abort(new Error(`received ${signal}`))
    } else if (!(this.atTerminal && KEYBOARD.has(signal))) this.program.send(signal)
  }

  private readonly onHarmless = (signal: NodeJS.Signals): void => this.program?.send(signal)

  /**
   * SIGTSTP has no effect in a session without a terminal, so the program gets SIGSTOP. SIGCONT
   * continues both.
   */
  private readonly onStop = (): void => {
    this.program?.send('SIGSTOP')
    process.kill(process.pid, 'SIGSTOP')
  }
}

/**
 * A SIGUSR1 that arrived before the listener has opened the debugger. Keep one that was requested
 * by option.
 */
function closeDebugger(): void {
  if (!process.execArgv.some((word) => word.startsWith('--inspect'))) inspector.close()
}
