// What the records of a job show: the duration of each state, the attempts, and the changes of the
// metadata.
import type { JobState } from '../api/documents.generated.ts'
import { elapsedMs } from '../view/instants.ts'
import type { HistoryRecord } from './job.ts'

/**
 * The time from one record to the next; `to` is undefined for the last record of an unfinished job.
 */
export interface Period {
  readonly record: HistoryRecord
  readonly to: string | undefined
}

const FINISHED: readonly JobState[] = ['COMPLETED', 'FAILED', 'CANCELLED']

export const isFinished = (state: JobState): boolean => FINISHED.includes(state)

export function periodsOf(history: readonly HistoryRecord[]): Period[] {
  return history.map((record, index) => ({ record, to: history[index + 1]?.timestamp }))
}

/** Milliseconds; of the last record until `at`. */
export function lengthOf({ record, to }: Period, at: number): number {
  return Math.max(0, elapsedMs(record.timestamp, to ?? at))
}

export interface Attempt {
  readonly number: number
  readonly worker: string
  readonly startedAt: string
  /** Undefined while it runs. */
  readonly end: HistoryRecord | undefined
}

/** The times that the job was in PROCESSING. */
export function attemptsOf(history: readonly HistoryRecord[]): Attempt[] {
  const starts = history.flatMap((record, index) => (record.newState === 'PROCESSING' ? [{ record, index }] : []))
  return starts.map(({ record, index }, position) => ({
    number: position + 1,
    worker: record.actor,
    startedAt: record.timestamp,
    end: history[index + 1],
  }))
}

export interface MetadataChange {
  readonly key: string
  /** As JSON; undefined if the key was not there. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** The keys whose value differs, in the order of their names. */
export function metadataChanges(
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>>,
): MetadataChange[] {
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after)])
  return [...keys].sort().flatMap((key) => {
    const change = { key, before: textOf(before, key), after: textOf(after, key) }
    return change.before === change.after ? [] : [change]
  })
}

function textOf(object: Readonly<Record<string, unknown>> | undefined, key: string): string | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? JSON.stringify(object[key]) : undefined
}
