// A maintenance task, and one run of it: limited in time and rows, measured, and described in one
// line.
import type { Ledger } from '../ledger/ledger.ts'

export interface MaintenanceTask {
  readonly name: string
  /** Whether the next round should run the task. Default: every round runs it. */
  isDue?(ledger: Ledger): Promise<boolean>
  run(ledger: Ledger, bounds: TaskBounds): Promise<TaskOutcome>
}

/** The limits of a run. A run works in batches with one commit each. */
export interface TaskBounds {
  /** Maximum number of jobs to change. */
  readonly maxJobs: number
  /** No new batch starts once this signal is aborted. */
  readonly signal: AbortSignal
}

export interface TaskOutcome {
  /** Number of changed jobs, by outcome. */
  readonly counts: Readonly<Record<string, number>>
  /** The run reached a limit, so there may be more to do. */
  readonly stoppedAtBounds: boolean
}

export interface TaskRun extends TaskOutcome {
  readonly task: string
  readonly ms: number
}

export interface RunOptions {
  /** No new batch starts once this signal is aborted. */
  readonly signal: AbortSignal
  /** Maximum number of jobs to change. Default: 10,000. */
  readonly maxJobs?: number
}

const MAX_JOBS = 10_000
const MAX_RUN_MS = 10_000

/**
 * Runs a task within its bounds.
 *
 * @throws errors of the task; batches that were committed before stay
 */
export async function runTask(
  task: MaintenanceTask,
  ledger: Ledger,
  { signal, maxJobs = MAX_JOBS }: RunOptions,
): Promise<TaskRun> {
  const startedAt = performance.now()
  const outcome = await task.run(ledger, {
    maxJobs,
    signal: AbortSignal.any([signal, AbortSignal.timeout(MAX_RUN_MS)]),
  })
  return { task: task.name, ...outcome, ms: Math.round(performance.now() - startedAt) }
}

/** Whether the run changed anything or has more to do. */
export function isNoteworthy({ counts, stoppedAtBounds }: TaskOutcome): boolean {
  return stoppedAtBounds || Object.values(counts).some((count) => count > 0)
}

/** Describes the run in one line. */
export function describeRun({ task, counts, stoppedAtBounds, ms }: TaskRun): string {
  const done = Object.entries(counts).flatMap(([outcome, count]) => (count > 0 ? [`${count} ${outcome}`] : []))
  const rest = stoppedAtBounds ? '; reached its limit, the next run continues' : ''
  return `${task}: ${done.join(', ') || 'nothing to do'} (${ms} ms)${rest}`
}
