// One batch after the other, from the ledger to a sink, and the place of the consumer behind each.

import { createConsumer, moveCheckpoint, readCheckpoint } from '../ledger/consumers.ts'
import { BEGINNING, cursorOf, type Position } from '../ledger/eventOrder.ts'
import { type EventRecord, eventIdOf, headPosition, nextBatchEnd, readEvents } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { setAside } from '../ledger/refusedRecords.ts'
import type { EventSink, RefusedEvent } from './eventSink.ts'
import type { LedgerEvent } from './ledgerEvent.ts'

export type StartFrom = 'beginning' | 'now'

export interface PublishedBatch {
  /** Events of the batch. */
  readonly count: number
  /** Those that the sink refused for good. */
  readonly refused: readonly RefusedEvent[]
}

export interface BatchPublisher {
  /** Hands the next batch over, sets aside what the sink refuses, and keeps the place behind it. @throws what the sink or the database throws */
  next(): Promise<PublishedBatch>
  /** The place is read anew before the next batch. */
  reset(): void
}

/** Events of a batch. */
const BATCH = 500

export function createBatchPublisher(ledger: Ledger, sink: EventSink, startFrom: StartFrom): BatchPublisher {
  let place: Position | undefined

  return {
    reset() {
      place = undefined
    },
    async next() {
      const behind = place ?? (await placeOf(ledger, sink.name, startFrom))
      const { end, isEmpty } = await nextBatchEnd(ledger, behind, BATCH)
      const records = isEmpty
        ? []
        : await readEvents(ledger, { after: behind, upTo: end, max: BATCH, select: SELECTED })
      const last = records.at(-1)
      if (last === undefined) {
        place = behind
        return { count: 0, refused: [] }
      }
      const refused = await sink.publish((records as SelectedRecord[]).map(eventOf))
      // Before the place moves: a refusal is never forgotten, at worst met twice.
      if (refused.length > 0)
        await setAside(
          ledger,
          sink.name,
          refused.map(({ event, reason }) => ({ ...identityOf(event), reason })),
        )
      // Somebody else has handed on the same meanwhile: it goes on where that one is.
      place = (await moveCheckpoint(ledger, sink.name, behind, last)) ? last : undefined
      return { count: records.length, refused }
    },
  }
}

async function placeOf(ledger: Ledger, name: string, startFrom: StartFrom): Promise<Position> {
  const known = await readCheckpoint(ledger, name)
  if (known) return known
  await createConsumer(ledger, name, startFrom === 'now' ? await headPosition(ledger) : BEGINNING)
  return placeOf(ledger, name, startFrom)
}

const SELECTED = {
  jobId: true,
  sequence: true,
  previousState: true,
  newState: true,
  reason: true,
  error: true,
  stateMetadata: true,
  actor: true,
  timestamp: true,
  job: { select: { userId: true, preset: true } },
} as const

type SelectedRecord = EventRecord & { job: { userId: string; preset: string | null } }

function identityOf({ jobId, sequence }: LedgerEvent): Pick<LedgerEvent, 'jobId' | 'sequence'> {
  return { jobId, sequence }
}

function eventOf(record: SelectedRecord): LedgerEvent {
  const { jobId, sequence, previousState, newState, reason, error, stateMetadata, actor, timestamp, job } = record
  return {
    eventId: eventIdOf(record),
    cursor: cursorOf(record),
    jobId,
    sequence,
    previousState,
    newState,
    reason,
    error,
    metadata: stateMetadata,
    actor,
    timestamp: timestamp.toISOString(),
    userId: job.userId,
    preset: job.preset,
  }
}
