// How a program ended: the facts, the exit code by which a shell tells of it, and the sentence for people.
import { constants } from 'node:os'

export interface ProgramEnd {
  /** Null if a signal ended it. Where it could not be started, what a shell says: 127 not found, 126 not executable. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** It was stopped because its time was up; it may have ended by itself then, with any exit code. */
  readonly timedOut: boolean
  /** Somebody asked for its end; it may have ended by itself then as well. */
  readonly stopped: boolean
  /** Why it was not started, for people; undefined if it was. */
  readonly notStarted?: string
  /** The tails of what it wrote. */
  readonly stdout: string
  readonly stderr: string
  readonly startedAt: Date
  readonly endedAt: Date
  readonly processingTimeMs: number
}

/** A signal's exit code is this and its number. */
const SIGNAL_BASE = 128
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127
/** What timeout(1) returns. */
const TIMED_OUT = 124

/** What a shell would return for it, or timeout(1). */
export function shellExitCode({ exitCode, signal, timedOut }: ProgramEnd): number {
  if (timedOut) return TIMED_OUT
  return signal === null ? (exitCode ?? 1) : SIGNAL_BASE + constants.signals[signal]
}

/** The exit code and the sentence for a program that the system refused to start. */
export function startFailure(file: string, error: { readonly code?: string | undefined; readonly message: string }) {
  if (error.code === 'ENOENT' || file === '')
    return { exitCode: NOT_FOUND, notStarted: `The program ${JSON.stringify(file)} was not found.` }
  const why = error.code ?? error.message
  return {
    exitCode: NOT_EXECUTABLE,
    notStarted: `The program ${JSON.stringify(file)} could not be started (${why}).`,
  }
}

/** One sentence about how it ended. `timeoutSeconds` is how long it was given, if it was. */
export function describeEnd(end: ProgramEnd, timeoutSeconds?: number): string {
  if (end.notStarted !== undefined) return end.notStarted
  const how = end.signal === null ? `exit code ${end.exitCode}` : `ended by ${end.signal}`
  return end.timedOut ? `It ran for longer than ${timeoutSeconds} s and was stopped (${how}).` : how
}
