// Updates a page while jobs change.
import { signal } from '@preact/signals'
import { PacedWork } from '../view/pacedWork.ts'
import type { JobStateRecordFilter } from './documents.generated.ts'
import { followJobChanges, type Interruption } from './jobChanges.ts'

/** Pause between two updates. */
const PAUSE_MS = 1000

interface LiveUpdatesOptions {
  readonly filter: JobStateRecordFilter
  /** Called before the update when the stream opens. */
  onOpen?(): void
  /** Called before the update. */
  onChange?(jobId: string): void
  update(): Promise<void>
}

/** Calls `update` when a record matches and when the stream opens, at most once per pause. */
export class LiveUpdates {
  /** Why there are no live updates at the moment. */
  readonly interruption = signal<Interruption | undefined>(undefined)

  private readonly updates: PacedWork
  private readonly stopFollowing: () => void

  constructor({ filter, onOpen, onChange, update }: LiveUpdatesOptions) {
    this.updates = new PacedWork(update, PAUSE_MS)
    this.stopFollowing = followJobChanges({
      filter,
      onOpen: () => {
        this.interruption.value = undefined
        onOpen?.()
        this.updates.request()
      },
      onChange: (jobId) => {
        onChange?.(jobId)
        this.updates.request()
      },
      onInterrupted: (interruption) => {
        this.interruption.value = interruption
      },
    })
  }

  /** An update has failed; the next one may succeed. */
  interrupt(reason: string): void {
    this.interruption.value = { reason, isFinal: false }
  }

  stop(): void {
    this.stopFollowing()
    this.updates.stop()
  }
}
