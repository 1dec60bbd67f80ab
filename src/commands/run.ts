// `jobledger run`: runs any program as a job, for cron. The program has priority: it runs even if
// the ledger is unavailable, and its exit code becomes ours.

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { isatty } from 'node:tty'
import type { RunFragment as RunJob } from '../client/documents.generated.ts'
import type { ClientConfig } from '../config/client.ts'
import { ConfigError, readClientConfig } from '../config.ts'
import { childEnvironment } from '../database/childEnvironment.ts'
import { MAX_INT } from '../ledger/limits.ts'
import { describeEnd, type ProgramEnd, shellExitCode } from './program/programEnd.ts'
import { type DrainedOutput, startProgram } from './program/startProgram.ts'
import { CANNOT_RUN, requireNotEmpty, timeoutSeconds, UsageError } from './program/usageError.ts'
import { requireUtf8Words } from './run/argumentBytes.ts'
import { commandLine } from './run/commandLine.ts'
import { deliverOwn, deliverSpooled } from './run/delivery.ts'
import { endedRun, type RunRecord, type StartedRun } from './run/runRecord.ts'
import { RunReporter } from './run/runReporter.ts'
import { SignalForwarder } from './run/signalForwarder.ts'
import { Spool } from './run/spool.ts'
import { writeStderr } from './run/stderr.ts'

export interface RunOptions {
  readonly preset?: string
  /** The user that the job belongs to; by default the caller. */
  readonly user?: string
  /** In seconds. */
  readonly timeout?: string
  /** Names of our own secret variables that the program receives anyway. */
  readonly passEnv?: readonly string[]
  /** The endpoint of the server; by default from the environment. */
  readonly url?: string
}

export type Command = readonly [file: string, ...words: string[]]

/** Maximum delay of the program while its job is created. */
const START_TIMEOUT_MS = 5000
/** Time from SIGTERM to SIGKILL. */
const KILL_AFTER_MS = 10_000

/**
 * Resolves to the exit code of the process once the outcome is recorded or in the spool. Rejects
 * only with unexpected errors.
 */
export async function run(command: Command, options: RunOptions): Promise<number> {
  try {
    // A missing token must not prevent the program from running; the outcome waits in the spool.
    const config = readClientConfig(options.url, { requireToken: false })
    return await runWith(command, settingsOf(options, config))
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof UsageError)) throw error
    writeStderr(error.message)
    return CANNOT_RUN
  }
}

interface RunSettings extends ClientConfig {
  readonly preset: string | undefined
  readonly userId: string | undefined
  readonly limitSeconds: number | undefined
  readonly passEnv: readonly string[]
}

function settingsOf({ preset, user, timeout, passEnv = [] }: RunOptions, config: ClientConfig): RunSettings {
  requireNotEmpty('--preset', preset)
  requireNotEmpty('--user', user)
  requireUtf8Words()
  return { ...config, preset, userId: user, limitSeconds: timeoutSeconds(timeout), passEnv }
}

async function runWith(command: Command, settings: RunSettings): Promise<number> {
  const { url, spoolDir, preset, userId, limitSeconds, passEnv } = settings
  const reporter = new RunReporter(settings)
  const identity = { key: randomUUID(), url, host: hostname() }
  const run = { ...identity, content: commandLine(command), preset, userId, startedAt: new Date().toISOString() }
  const atTerminal = isatty(0)
  const signals = new SignalForwarder({ atTerminal })
  // If it still fails at the end, that failure is reported.
  const job = await reporter.start(run, signals.timeout(START_TIMEOUT_MS)).catch(() => undefined)
  const { end, drained } = await runProgram(command, signals, { limitSeconds, ownSession: !atTerminal, passEnv })
  signals.end()
  if (end.notStarted) writeStderr(end.notStarted)
  const delivery = { reporter, spool: new Spool(spoolDir), signals }
  const record = recordOf(run, { end, job, limitSeconds })
  if (await deliverOwn(record, job, delivery)) await deliverSpooled(record, delivery)
  signals.close()
  return exitCodeOf(end, await drained)
}

/** The exit code of the program, except that lost output must not look like success. */
function exitCodeOf(end: ProgramEnd, { isComplete, faults }: DrainedOutput): number {
  if (!isComplete)
    writeStderr('a process that the program left running still holds its output; it is no longer forwarded.')
  if (faults.length > 0) writeStderr(`output of the program could not be forwarded: ${faults.join(', ')}.`)
  return shellExitCode(end) || (faults.length > 0 ? CANNOT_RUN : 0)
}

interface ProgramLimits {
  readonly limitSeconds: number | undefined
  readonly ownSession: boolean
  readonly passEnv: readonly string[]
}

async function runProgram(
  command: Command,
  signals: SignalForwarder,
  { limitSeconds, ownSession, passEnv }: ProgramLimits,
): Promise<{ readonly end: ProgramEnd; readonly drained: Promise<DrainedOutput> }> {
  const nothing = { isComplete: true, faults: [] }
  if (signals.early) return { end: notStarted(signals.early), drained: Promise.resolve(nothing) }
  const timeoutMs = limitSeconds === undefined ? undefined : limitSeconds * 1000
  const settings = { environment: childEnvironment({}, passEnv), stdin: 0, forward: true, ownSession }
  const program = await startProgram({ command, ...settings, timeoutMs, killAfterMs: KILL_AFTER_MS })
  signals.forwardTo(program)
  return { end: await program.ended, drained: program.drained }
}

function notStarted(signal: NodeJS.Signals): ProgramEnd {
  const now = new Date()
  return {
    exitCode: null,
    signal,
    timedOut: false,
    stopped: false,
    notStarted: `${signal} arrived before the program started.`,
    stdout: '',
    stderr: '',
    startedAt: now,
    endedAt: now,
    processingTimeMs: 0,
  }
}

interface RunOutcome {
  readonly end: ProgramEnd
  readonly job: RunJob | undefined
  readonly limitSeconds: number | undefined
}

function recordOf(run: StartedRun, { end, job, limitSeconds }: RunOutcome): RunRecord {
  const { exitCode, signal, stdout, stderr, timedOut } = end
  const reason = describeEnd(end, limitSeconds)
  return endedRun(
    { ...run, startedAt: end.startedAt.toISOString() },
    {
      jobId: job?.jobId,
      endedAt: end.endedAt.toISOString(),
      processingTimeMs: Math.min(end.processingTimeMs, MAX_INT),
      errorMessage: exitCode === 0 && !timedOut ? null : reason,
      timedOut,
      reason,
      output: { exitCode, signal, stdout, stderr },
    },
  )
}
