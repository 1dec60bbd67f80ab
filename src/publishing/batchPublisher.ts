// Publishes batch after batch from the ledger to a sink, and saves the checkpoint after each.
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
  /** Events that the sink refused permanently. */
  readonly refused: readonly RefusedEvent[]
}

export interface BatchPublisher {
  /**
   * Publishes the next batch, sets refused events aside and saves the checkpoint.
   *
   * @throws sink or database errors
   */
  next(): Promise<PublishedBatch>
  /** Reads the checkpoint again before the next batch. */
  reset(): void
}

/** Maximum number of events in a batch. */
const BATCH_SIZE = 500

export function createBatchPublisher(ledger: Ledger, sink: EventSink, startFrom: StartFrom): BatchPublisher {
  let checkpoint: Position | undefined

  return {
    reset() {
      checkpoint = undefined
    },
    async next() {
      const from = checkpoint ?? (await checkpointOf(ledger, sink.name, startFrom))
      const { end, isEmpty } = await nextBatchEnd(ledger, from, BATCH_SIZE)
      const records = isEmpty
        ? []
        : await readEvents(ledger, { after: from, upTo: end, max: BATCH_SIZE, select: SELECTED })
      const last = records.at(-1)
      if (last === undefined) {
        checkpoint = from
        return { count: 0, refused: [] }
      }
      const refused = await sink.publish((records as SelectedRecord[]).map(eventOf))
      // Before the checkpoint moves: a refusal may be reported twice, but is never lost.
      if (refused.length > 0)
        await setAside(
          ledger,
          sink.name,
          refused.map(({ event, reason }) => ({ ...identityOf(event), reason })),
        )
      // If another process has moved the checkpoint, continue from there.
      checkpoint = (await moveCheckpoint(ledger, sink.name, from, last)) ? last : undefined
      return { count: records.length, refused }
    },
  }
}

async function checkpointOf(ledger: Ledger, name: string, startFrom: StartFrom): Promise<Position> {
  const known = await readCheckpoint(ledger, name)
  if (known) return known
  await createConsumer(ledger, name, startFrom === 'now' ? await headPosition(ledger) : BEGINNING)
  return checkpointOf(ledger, name, startFrom)
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
