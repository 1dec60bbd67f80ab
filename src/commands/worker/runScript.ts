// One job as one run of a script: what the script is given, and what its end means for the job.
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
  /** Names of secrets of ours that the script gets all the same. */
  readonly passEnv?: readonly string[] | undefined
}

/** The output of a job that is done. */
export interface ScriptOutput {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The script has failed: its exit code, and the end of what it wrote to stderr. */
class ScriptFailedError extends Error {
  override readonly name = 'ScriptFailedError'
}

/** The script ran for too long. The worker knows it by the name that such errors have everywhere. */
class ScriptTimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** Shorter than the worker waits for a handler: a job is given back when nobody works on it any more. */
const KILL_AFTER_MS = 3000
/** Of stderr in an error message, which may have 4 KiB. */
const MESSAGE_STDERR_BYTES = 3000

/** @throws ScriptFailedError, ScriptTimeoutError, or the reason of `signal` if the script was stopped by it */
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
      passOn: false,
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

function withStderr(how: string, stderr: string): string {
  const tail = new OutputTail(MESSAGE_STDERR_BYTES)
  tail.add(Buffer.from(stderr.trimEnd()))
  return stderr.trim() === '' ? how : `${how}: ${tail.text()}`
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
