// The signals that come while a program runs for somebody: they are meant for the program.
import inspector from 'node:inspector'
import type { RunningProgram } from '../program/startProgram.ts'

/**
 * Each of these ends a program that does not expect it. Left out are those by which a process hears of its own faults (SIGSEGV), of its
 * own pipes, files and children (SIGPIPE, SIGXFSZ, SIGCHLD) and of its own use of a terminal (SIGTTIN, SIGTTOU), and SIGPROF, which
 * is V8's. SIGUSR1 that nobody listens to opens Node's debugger.
 */
const DEADLY = [
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
/** These do nothing to a running program that does not expect them. */
const MILD = ['SIGCONT', 'SIGWINCH', 'SIGURG'] as const
/** What a terminal sends to the whole of its foreground group, by Ctrl-C and Ctrl-\. */
const BY_KEY: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT'])

/** From its making until `close`, these signals do not end the process. */
export class SignalForwarder {
  /** The deadly signal that came before there was a program. */
  early: NodeJS.Signals | undefined
  private readonly atTerminal: boolean
  private program: RunningProgram | undefined
  private noProgram = new AbortController()

  /** `atTerminal`: the program is in our group, so that the keys of the terminal, Ctrl-C and others, reach it without us. */
  constructor({ atTerminal }: { readonly atTerminal: boolean }) {
    this.atTerminal = atTerminal
    for (const signal of DEADLY) process.on(signal, this.onDeadly)
    closeDebugger()
    // Otherwise the terminal stops, continues and resizes the program as it does us.
    if (atTerminal) return
    for (const signal of MILD) process.on(signal, this.onMild)
    process.on('SIGTSTP', this.onStop)
  }

  /** Aborted after so long, and by a deadly signal that comes while there is no program, before it or after it. */
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
    for (const signal of DEADLY) process.off(signal, this.onDeadly)
    for (const signal of MILD) process.off(signal, this.onMild)
    process.off('SIGTSTP', this.onStop)
  }

  private readonly onDeadly = (signal: NodeJS.Signals): void => {
    if (this.program === undefined) {
      this.early ??= signal
      this.noProgram.abort(new Error(`${signal} came`))
    } else if (!(this.atTerminal && BY_KEY.has(signal))) this.program.send(signal)
  }

  private readonly onMild = (signal: NodeJS.Signals): void => this.program?.send(signal)

  /** The system lets SIGTSTP stop nobody in a session without a terminal, so the program gets SIGSTOP. SIGCONT continues both. */
  private readonly onStop = (): void => {
    this.program?.send('SIGSTOP')
    process.kill(process.pid, 'SIGSTOP')
  }
}

/** A SIGUSR1 that came before anybody listened has opened it. One that was asked for stays. */
function closeDebugger(): void {
  if (!process.execArgv.some((word) => word.startsWith('--inspect'))) inspector.close()
}
