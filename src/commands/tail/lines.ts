// Formats an event as a line of text, or as JSON in the published format
// (publishing/ledgerEvent.ts).
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

/** Replaces line breaks and control characters of reasons and errors. */
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
