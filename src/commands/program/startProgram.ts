// Runs one program as a child process: its time, its signals, its output. Knows nothing of jobs.
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { captureOutput, type OutputCapture } from './outputCapture.ts'
import { type OutputPipes, openOutputPipes } from './outputPipes.ts'
import { type ProgramEnd, startFailure } from './programEnd.ts'

export interface ProgramOptions {
  readonly command: readonly [file: string, ...words: string[]]
  /** All that it gets. */
  readonly environment: NodeJS.ProcessEnv
  /** The descriptor that it reads from; 0 is our own. Or the text that it reads. */
  readonly stdin: number | { readonly text: string }
  /** Its output goes on to ours, live and unchanged; otherwise only the tails are kept. */
  readonly passOn: boolean
  /** It leads a session and a group of its own: a stop reaches all that it has started, and no signal of our terminal does. */
  readonly ownSession: boolean
  /** It is stopped after so long. */
  readonly timeoutMs?: number | undefined
  /** A program that does not end by SIGTERM gets SIGKILL after so long. */
  readonly killAfterMs: number
}

export interface RunningProgram {
  /** Passes a signal on to the program itself, as if it had been sent there. */
  send(signal: NodeJS.Signals): void
  /** SIGTERM now and SIGKILL later, also to what it has started if it has a session of its own. */
  stop(): void
  /** Resolves when it has ended, with what has come of its output, also if it could not be started. Never rejects. */
  readonly ended: Promise<ProgramEnd>
  /** Resolves when its output was read to the end and passed on, or will not be any more. Never rejects. */
  readonly drained: Promise<DrainedOutput>
}

export interface DrainedOutput {
  /** False if what the program left running still had it. */
  readonly isComplete: boolean
  /** What could not be passed on and why, such as "stdout (ENOSPC: no space left on device, write)". That nobody reads is no fault. */
  readonly faults: readonly string[]
}

/** After its end, output is waited for so long: what it left running may hold it for ever. */
const LINGER_MS = 2000
const LINGER_STEP_MS = 50
/** Who reads what is passed on may take his time, but not keep the end from being known. */
const SLOW_READER_MS = 5000

interface Exit {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly notStarted?: string
}

/** Starts a program. One that cannot be started is a program that ended at once. */
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

/** The types of execa know of descriptors below ten only. */
function descriptor(pipe: number | 'pipe'): 3 | 'pipe' {
  return pipe as 3 | 'pipe'
}

type Child = ReturnType<typeof spawn>

function capturesOf(child: Child, pipes: OutputPipes, { passOn }: ProgramOptions): OutputCapture[] {
  const { stdout, stderr } = pipes.readers(child)
  return [captureOutput(stdout, passOn ? 1 : undefined), captureOutput(stderr, passOn ? 2 : undefined)]
}

/** The exit itself: execa's promise would also wait for the end of the output. */
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
    // It has ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function createStop(send: (signal: NodeJS.Signals) => void, { timeoutMs, killAfterMs }: ProgramOptions) {
  const asked = { timedOut: false, stopped: false }
  let ended = false
  let kill: NodeJS.Timeout | undefined
  const ask = (why: keyof typeof asked): void => {
    if (ended) return
    asked[why] = true
    send('SIGTERM')
    kill ??= setTimeout(() => send('SIGKILL'), killAfterMs)
  }
  const timeout = timeoutMs === undefined ? undefined : setTimeout(() => ask('timedOut'), timeoutMs)
  return {
    stop: () => ask('stopped'),
    /** Why it was asked to end, if it was. Nothing is sent any more. */
    end(): Readonly<typeof asked> {
      ended = true
      clearTimeout(timeout)
      clearTimeout(kill)
      return asked
    },
  }
}

/** Whether all of the output has come. A slow reader of what is passed on is waited for; a process left behind is not. */
async function drain(captures: readonly OutputCapture[]): Promise<boolean> {
  const all = Promise.all(captures.map(({ ended }) => ended)).then(() => true)
  for (let waitedMs = 0; waitedMs < LINGER_MS; ) {
    if (await Promise.race([all, sleep(LINGER_STEP_MS, false)])) return true
    if (!captures.some((capture) => capture.isPassingOn())) waitedMs += LINGER_STEP_MS
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
