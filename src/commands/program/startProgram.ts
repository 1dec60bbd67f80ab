// Runs a program as a child process, with time limit, signals and output. Independent of jobs.
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { captureOutput, type OutputCapture } from './outputCapture.ts'
import { type OutputPipes, openOutputPipes } from './outputPipes.ts'
import { type ProgramEnd, startFailure } from './programEnd.ts'

export interface ProgramOptions {
  readonly command: readonly [file: string, ...words: string[]]
  /** Its complete environment. */
  readonly environment: NodeJS.ProcessEnv
  /** The descriptor that it reads from, 0 for our own; or the text that it reads. */
  readonly stdin: number | { readonly text: string }
  /** Forwards its output to ours, live and unchanged; otherwise only the tails are kept. */
  readonly forward: boolean
  /**
   * Gives it a session and process group of its own: a stop reaches all its descendants, and
   * signals of our terminal do not.
   */
  readonly ownSession: boolean
  /** Time limit after which it is stopped. */
  readonly timeoutMs?: number | undefined
  /** Time from SIGTERM to SIGKILL. */
  readonly killAfterMs: number
}

export interface RunningProgram {
  /** Sends a signal to the program only. */
  send(signal: NodeJS.Signals): void
  /** Sends SIGTERM, later SIGKILL; also to its descendants if it has its own session. */
  stop(): void
  /** Resolves when it has ended or could not be started, with the output so far. Never rejects. */
  readonly ended: Promise<ProgramEnd>
  /** Resolves when all output was read and forwarded, or reading was stopped. Never rejects. */
  readonly drained: Promise<DrainedOutput>
}

export interface DrainedOutput {
  /** False if a process that the program left running still held the output. */
  readonly isComplete: boolean
  /**
   * What could not be forwarded and why, such as "stdout (ENOSPC: no space left on device, write)".
   * A closed reader is not a fault.
   */
  readonly faults: readonly string[]
}

/** How long to wait for output after the exit: a process left running may hold it open forever. */
const LINGER_MS = 2000
const LINGER_STEP_MS = 50
/** How long a slow reader of the output may delay the report of the exit. */
const SLOW_READER_MS = 5000

interface Exit {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly notStarted?: string
}

/** Starts a program. If it cannot be started, it counts as ended at once. */
export async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const pipes = await openOutputPipes()
  const startedAt = new Date()
  const started = performance.now()
  const child = spawn(options, pipes)
  const captures = capturesOf(child, pipes, options)
  const stopping = createStop((signal) => sendSignal(child, signal, options.ownSession), options)
  const exited = exitOf(child, options.command[0]).then((exit) => ({
    ...exit,
    ...stopping.end(),
    startedAt,
    endedAt: new Date(),
    processingTimeMs: Math.round(performance.now() - started),
  }))
  const drained = exited.then(async ({ notStarted }) => {
    const isComplete = await (notStarted === undefined ? drain(captures) : close(captures))
    return { isComplete, faults: faultsOf(captures) }
  })
  const ended = exited.then(async (exit) => {
    await Promise.race([drained, sleep(SLOW_READER_MS, undefined, { ref: false })])
    const [stdout, stderr] = captures.map(({ tail }) => tail.text()) as [string, string]
    return { ...exit, stdout, stderr }
  })
  return { send: (signal) => sendSignal(child, signal, false), stop: stopping.stop, ended, drained }
}

function spawn({ command: [file, ...words], environment, stdin, ownSession }: ProgramOptions, pipes: OutputPipes) {
  return execa(file, words, {
    ...(typeof stdin === 'number' ? { stdin: descriptor(stdin) } : { input: stdin.text }),
    stdout: descriptor(pipes.stdout),
    stderr: descriptor(pipes.stderr),
    env: environment,
    extendEnv: false,
    detached: ownSession,
    buffer: false,
    reject: false,
    forceKillAfterDelay: false,
  })
}

/** The types of execa only know descriptors below ten. */
function descriptor(pipe: number | 'pipe'): 3 | 'pipe' {
  return pipe as 3 | 'pipe'
}

type Child = ReturnType<typeof spawn>

function capturesOf(child: Child, pipes: OutputPipes, { forward }: ProgramOptions): OutputCapture[] {
  const { stdout, stderr } = pipes.readers(child)
  return [captureOutput(stdout, forward ? 1 : undefined), captureOutput(stderr, forward ? 2 : undefined)]
}

/** Resolves on exit; execa's promise would also wait for the end of the output. */
function exitOf(child: Child, file: string): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }))
    void child.then(({ code, message, originalMessage }) => {
      if (child.pid === undefined)
        resolve({ signal: null, ...startFailure(file, { code, message: originalMessage ?? message ?? '' }) })
    })
  })
}

function sendSignal(child: Child, signal: NodeJS.Signals, toGroup: boolean): void {
  if (child.pid === undefined) return
  try {
    process.kill(toGroup ? -child.pid : child.pid, signal)
  } catch (error) {
    // It has already ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function createStop(send: (signal: NodeJS.Signals) => void, { timeoutMs, killAfterMs }: ProgramOptions) {
  const requested = { timedOut: false, stopped: false }
  let ended = false
  let kill: NodeJS.Timeout | undefined
  const request = (why: keyof typeof requested): void => {
    if (ended) return
    requested[why] = true
    send('SIGTERM')
    kill ??= setTimeout(() => send('SIGKILL'), killAfterMs)
  }
  const timeout = timeoutMs === undefined ? undefined : setTimeout(() => request('timedOut'), timeoutMs)
  return {
    stop: () => request('stopped'),
    /** Why it was stopped, if it was. Sends nothing more. */
    end(): Readonly<typeof requested> {
      ended = true
      clearTimeout(timeout)
      clearTimeout(kill)
      return requested
    },
  }
}

/**
 * Whether all output was read. Waits for a slow reader of forwarded output, but not for a process
 * left behind.
 */
async function drain(captures: readonly OutputCapture[]): Promise<boolean> {
  const all = Promise.all(captures.map(({ ended }) => ended)).then(() => true)
  for (let waitedMs = 0; waitedMs < LINGER_MS; ) {
    if (await Promise.race([all, sleep(LINGER_STEP_MS, false)])) return true
    if (!captures.some((capture) => capture.isForwarding())) waitedMs += LINGER_STEP_MS
  }
  close(captures)
  return false
}

function faultsOf(captures: readonly OutputCapture[]): string[] {
  return captures.flatMap((capture, index) => {
    const fault = capture.fault()
    return fault === undefined ? [] : [`${index === 0 ? 'stdout' : 'stderr'} (${fault.message})`]
  })
}

function close(captures: readonly OutputCapture[]): true {
  for (const capture of captures) capture.close()
  return true
}
