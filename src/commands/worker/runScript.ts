// Runs a script for one job: the input and environment of the script, and what its exit means for
// the job.
import { childEnvironment } from '../../database/childEnvironment.ts'
import type { ClaimedJob } from '../../worker/runWorker.ts'
import { openInput } from '../program/inputFile.ts'
import { OutputTail } from '../program/outputTail.ts'
import { describeEnd, type ProgramEnd } from '../program/programEnd.ts'
import { startProgram } from '../program/startProgram.ts'

export interface ScriptRun {
  readonly exec: string
  /** Stops the script. */
  readonly signal: AbortSignal
  readonly limitSeconds: number | undefined
  /** Names of our own secret variables that the script receives anyway. */
  readonly passEnv?: readonly string[] | undefined
}

/** The output of a completed job. */
export interface ScriptOutput {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The script failed. The message has its exit code and the end of stderr. */
class ScriptFailedError extends Error {
  override readonly name = 'ScriptFailedError'
}

/**
 * The script exceeded its time limit. The worker recognizes it by the standard name of such errors.
 */
class ScriptTimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Shorter than the worker waits for a handler, so that the script has ended before its job is
 * released.
 */
const KILL_AFTER_MS = 3000
/** Bytes of stderr in an error message, whose limit is 4 KiB. */
const MESSAGE_STDERR_BYTES = 3000

/**
 * @throws ScriptFailedError, ScriptTimeoutError, or the reason of `signal` if the script was
 * stopped by it
 */
export async function runScript(
  job: ClaimedJob,
  { exec, signal, limitSeconds, passEnv }: ScriptRun,
): Promise<ScriptOutput> {
  const input = await openInput(job.content)
  try {
    const program = await startProgram({
      command: [exec],
      environment: childEnvironment(variablesOf(job), passEnv),
      stdin: input.stdin,
      forward: false,
      ownSession: true,
      timeoutMs: limitSeconds === undefined ? undefined : limitSeconds * 1000,
      killAfterMs: KILL_AFTER_MS,
    })
    if (signal.aborted) program.stop()
    signal.addEventListener('abort', program.stop, { once: true })
    const end = await program.ended
    signal.removeEventListener('abort', program.stop)
    if (end.stopped) throw signal.reason
    return outputOf(end, limitSeconds)
  } finally {
    await input.close()
  }
}

function outputOf(end: ProgramEnd, limitSeconds: number | undefined): ScriptOutput {
  const { exitCode, stdout, stderr } = end
  if (exitCode === 0 && !end.timedOut) return { exitCode, stdout, stderr }
  const message = withStderr(describeEnd(end, limitSeconds), stderr)
  throw end.timedOut ? new ScriptTimeoutError(message) : new ScriptFailedError(message)
}

function withStderr(summary: string, stderr: string): string {
  const tail = new OutputTail(MESSAGE_STDERR_BYTES)
  tail.add(Buffer.from(stderr.trimEnd()))
  return stderr.trim() === '' ? summary : `${summary}: ${tail.text()}`
}

function variablesOf({ jobId, preset, userId, attempt, metadata }: ClaimedJob): Record<string, string> {
  return {
    JOBLEDGER_JOB_ID: jobId,
    JOBLEDGER_JOB_PRESET: preset ?? '',
    JOBLEDGER_JOB_USER: userId,
    JOBLEDGER_JOB_ATTEMPT: String(attempt),
    JOBLEDGER_JOB_METADATA: JSON.stringify(metadata),
  }
}
