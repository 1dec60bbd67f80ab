// A maintenance task, and one run of it: limited in time and rows, measured, and described in one
// line.
import type { Ledger } from '../ledger/ledger.ts'
import { recordRun } from './runRecord.ts'

export interface MaintenanceTask {
  readonly name: string
  /** Time between two passes of a task that does not run in every round. */
  readonly periodSeconds?: number
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
  /** Seconds until the next round. Default: no round is planned. */
  readonly intervalSeconds?: number
}

const MAX_JOBS = 10_000
const MAX_RUN_MS = 10_000

/**
 * Runs a task within its bounds, and stores what it did.
 *
 * @throws errors of the task; batches that were committed before stay
 */
export async function runTask(
  task: MaintenanceTask,
  ledger: Ledger,
  { signal, maxJobs = MAX_JOBS, intervalSeconds }: RunOptions,
): Promise<TaskRun> {
  const startedAt = performance.now()
  const outcome = await task.run(ledger, {
    maxJobs,
    signal: AbortSignal.any([signal, AbortSignal.timeout(MAX_RUN_MS)]),
  })
  const ms = Math.round(performance.now() - startedAt)
  const period = outcome.stoppedAtBounds ? 0 : (task.periodSeconds ?? 0)
  const nextRunSeconds = intervalSeconds === undefined ? undefined : Math.max(intervalSeconds, period)
  await recordRun(ledger.sql, { task: task.name, nextRunSeconds, counts: outcome.counts })
  return { task: task.name, ...outcome, ms }
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
