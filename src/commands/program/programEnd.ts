// How a program ended: details, the exit code of a shell, and a sentence for people.
import { constants } from 'node:os'

export interface ProgramEnd {
  /**
   * Null if a signal ended it. If it could not be started, the code of a shell: 127 not found, 126
   * not executable.
   */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /**
   * It exceeded its time limit and was stopped; it may still have ended by itself, with any exit
   * code.
   */
  readonly timedOut: boolean
  /** It was stopped on request; it may still have ended by itself. */
  readonly stopped: boolean
  /** Why it could not be started, for people; undefined if it was started. */
  readonly notStarted?: string
  /** The tail of its output. */
  readonly stdout: string
  readonly stderr: string
  readonly startedAt: Date
  readonly endedAt: Date
  readonly processingTimeMs: number
}

/** The exit code of a signal is this plus its number. */
const SIGNAL_BASE = 128
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127
/** What timeout(1) returns. */
const TIMED_OUT = 124

/** The exit code that a shell or timeout(1) would return. */
export function shellExitCode({ exitCode, signal, timedOut }: ProgramEnd): number {
  if (timedOut) return TIMED_OUT
  return signal === null ? (exitCode ?? 1) : SIGNAL_BASE + constants.signals[signal]
}

/** Exit code and sentence for a program that could not be started. */
export function startFailure(file: string, error: { readonly code?: string | undefined; readonly message: string }) {
  if (error.code === 'ENOENT' || file === '')
    return { exitCode: NOT_FOUND, notStarted: `The program ${JSON.stringify(file)} was not found.` }
  const why = error.code ?? error.message
  return {
    exitCode: NOT_EXECUTABLE,
    notStarted: `The program ${JSON.stringify(file)} could not be started (${why}).`,
  }
}

/** Describes the end in one sentence. `timeoutSeconds` is its time limit, if any. */
export function describeEnd(end: ProgramEnd, timeoutSeconds?: number): string {
  if (end.notStarted !== undefined) return end.notStarted
  const how = end.signal === null ? `exit code ${end.exitCode}` : `ended by ${end.signal}`
  return end.timedOut ? `It ran for longer than ${timeoutSeconds} s and was stopped (${how}).` : how
}
