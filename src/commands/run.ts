// `jobledger run`: runs any program as a job, for cron. The program comes first: whatever is wrong with the ledger, it runs, and its exit
// code is ours.

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
import { deliverOwn, deliverWaiting } from './run/delivery.ts'
import { type BegunRun, endedRun, type RunRecord } from './run/runRecord.ts'
import { RunReporter } from './run/runReporter.ts'
import { SignalForwarder } from './run/signalForwarder.ts'
import { Spool } from './run/spool.ts'
import { writeStderr } from './run/stderr.ts'

export interface RunOptions {
  readonly preset?: string
  /** Whose job it is; by default the caller's own. */
  readonly user?: string
  /** In seconds. */
  readonly timeout?: string
  /** Names of secrets of ours that the program gets all the same. */
  readonly passEnv?: readonly string[]
  /** The endpoint of the server; by default that of the environment. */
  readonly url?: string
}

export type Command = readonly [file: string, ...words: string[]]

/** The program waits so long for the ledger, and no longer. */
const BEGIN_MS = 5000
/** As long as a program may take to end by SIGTERM. */
const KILL_AFTER_MS = 10_000

/** Resolves to the exit code for the process, when the outcome is with the server or in the spool. Never rejects. */
export async function run(command: Command, options: RunOptions): Promise<number> {
  try {
    // A token that is missing now must not keep the program from running; the outcome waits in the spool.
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
  const ledger = new RunReporter(settings)
  const place = { key: randomUUID(), url, host: hostname() }
  const begun = { ...place, content: commandLine(command), preset, userId, startedAt: new Date().toISOString() }
  const atTerminal = isatty(0)
  const relay = new SignalForwarder({ atTerminal })
  // Why it failed is told at the end, if it still fails then.
  const job = await ledger.begin(begun, relay.patience(BEGIN_MS)).catch(() => undefined)
  const { end, drained } = await runProgram(command, relay, { limitSeconds, ownSession: !atTerminal, passEnv })
  relay.end()
  if (end.notStarted) writeStderr(end.notStarted)
  const delivery = { ledger, spool: new Spool(spoolDir), relay }
  const record = recordOf(begun, { end, job, limitSeconds })
  if (await deliverOwn(record, job, delivery)) await deliverWaiting(record, delivery)
  relay.close()
  return exitCodeOf(end, await drained)
}

/** That of the program; but what was to be read and is nowhere must not look like success. */
function exitCodeOf(end: ProgramEnd, { isComplete, faults }: DrainedOutput): number {
  if (!isComplete) writeStderr('what the program has left running still had its output; it is passed on no longer.')
  if (faults.length > 0) writeStderr(`output of the program could not be passed on: ${faults.join(', ')}.`)
  return shellExitCode(end) || (faults.length > 0 ? CANNOT_RUN : 0)
}

interface Bounds {
  readonly limitSeconds: number | undefined
  readonly ownSession: boolean
  readonly passEnv: readonly string[]
}

async function runProgram(
  command: Command,
  relay: SignalForwarder,
  { limitSeconds, ownSession, passEnv }: Bounds,
): Promise<{ readonly end: ProgramEnd; readonly drained: Promise<DrainedOutput> }> {
  const nothing = { isComplete: true, faults: [] }
  if (relay.early) return { end: notStarted(relay.early), drained: Promise.resolve(nothing) }
  const timeoutMs = limitSeconds === undefined ? undefined : limitSeconds * 1000
  const place = { environment: childEnvironment({}, passEnv), stdin: 0, passOn: true, ownSession }
  const program = await startProgram({ command, ...place, timeoutMs, killAfterMs: KILL_AFTER_MS })
  relay.begin(program)
  return { end: await program.ended, drained: program.drained }
}

function notStarted(signal: NodeJS.Signals): ProgramEnd {
  const now = new Date()
  return {
    exitCode: null,
    signal,
    timedOut: false,
    stopped: false,
    notStarted: `${signal} came before the program was started.`,
    stdout: '',
    stderr: '',
    startedAt: now,
    endedAt: now,
    processingTimeMs: 0,
  }
}

interface Ended {
  readonly end: ProgramEnd
  readonly job: RunJob | undefined
  readonly limitSeconds: number | undefined
}

function recordOf(begun: BegunRun, { end, job, limitSeconds }: Ended): RunRecord {
  const { exitCode, signal, stdout, stderr, timedOut } = end
  const reason = describeEnd(end, limitSeconds)
  return endedRun(
    { ...begun, startedAt: end.startedAt.toISOString() },
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
