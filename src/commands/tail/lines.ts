// An event as a line: for people, or as JSON in the form in which events are handed on (publishing/ledgerEvent.ts).
import type { JobEvent } from '../../client/followJobEvents.ts'
import type { LedgerEvent } from '../../publishing/ledgerEvent.ts'

/** `2026-11-25T21:16:38.282Z 01a2... PENDING -> PROCESSING  user:ada  claimed by host:1` */
export function textLine({ record }: JobEvent): string {
  const { previousState, newState, actor, reason, error, timestamp, job } = record
  const step = previousState === null ? newState : `${previousState} -> ${newState}`
  return [
    timestamp,
    job.jobId,
    step.padEnd(STEP_WIDTH),
    printable(actor),
    ...[reason, error === reason ? null : error].flatMap((text) => (text === null ? [] : [printable(text)])),
  ].join('  ')
}

const STEP_WIDTH = 'PROCESSING -> COMPLETED'.length

/** One line, whatever somebody wrote into a reason or an error. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

export function jsonLine({ cursor, eventId, record }: JobEvent): string {
  const { sequence, previousState, newState, reason, error, metadata, actor, timestamp, job } = record
  const event: LedgerEvent = {
    eventId,
    cursor,
    jobId: job.jobId,
    sequence,
    previousState,
    newState,
    reason,
    error,
    metadata,
    actor,
    timestamp,
    userId: job.userId,
    preset: job.preset,
  }
  return JSON.stringify(event)
}
