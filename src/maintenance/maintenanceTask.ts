// One chore of maintenance, and one run of it: bounded in time and rows, measured, and told in one line.
import type { Ledger } from '../ledger/ledger.ts'

export interface MaintenanceTask {
  readonly name: string
  /** Whether the next round is to run it; without this, every round does. */
  isDue?(ledger: Ledger): Promise<boolean>
  run(ledger: Ledger, bounds: TaskBounds): Promise<TaskOutcome>
}

/** What a run keeps to. It works in portions of one commit each. */
export interface TaskBounds {
  /** So many jobs are changed at most. */
  readonly mostJobs: number
  /** No portion begins after this signal was aborted. */
  readonly signal: AbortSignal
}

export interface TaskOutcome {
  /** How many jobs went where. */
  readonly counts: Readonly<Record<string, number>>
  /** There may be more to do. */
  readonly stoppedAtBounds: boolean
}

export interface TaskRun extends TaskOutcome {
  readonly task: string
  readonly ms: number
}

export interface RunOptions {
  /** No portion begins after this signal was aborted. */
  readonly signal: AbortSignal
  readonly mostJobs?: number
  /** No portion begins after so long. */
  readonly mostMs?: number
}

const MAX_JOBS = 10_000
const MAX_RUN_MS = 10_000

/** Runs a task up to its bounds. @throws what the task throws; what it had done until then is done */
export async function runTask(
  task: MaintenanceTask,
  ledger: Ledger,
  { signal, mostJobs = MAX_JOBS, mostMs = MAX_RUN_MS }: RunOptions,
): Promise<TaskRun> {
  const beganAt = performance.now()
  const outcome = await task.run(ledger, {
    mostJobs,
    signal: AbortSignal.any([signal, AbortSignal.timeout(mostMs)]),
  })
  return { task: task.name, ...outcome, ms: Math.round(performance.now() - beganAt) }
}

/** Whether there is something to tell. */
export function hasDoneSomething({ counts, stoppedAtBounds }: TaskOutcome): boolean {
  return stoppedAtBounds || Object.values(counts).some((count) => count > 0)
}

/** The run in one line for people. */
export function describeRun({ task, counts, stoppedAtBounds, ms }: TaskRun): string {
  const done = Object.entries(counts).flatMap(([outcome, count]) => (count > 0 ? [`${count} ${outcome}`] : []))
  const rest = stoppedAtBounds ? '; it stopped at its bounds, and the next run goes on there' : ''
  return `${task}: ${done.join(', ') || 'nothing was to be done'} (${ms} ms)${rest}`
}
