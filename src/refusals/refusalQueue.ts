// Refusals that wait to be stored. The queue is bounded in all and per actor, so that refusals fill
// neither the memory nor the database. What does not fit is dropped.
import type { Refusal, RefusalSink } from '../ledger/refusals.ts'

/** A refusal, and how often it was added. */
export interface QueuedRefusal {
  readonly refusal: Refusal
  /** When it was added first, by `performance.now()`. */
  readonly addedAt: number
  times: number
}

export interface RefusalQueueOptions {
  /** Called for each refusal that is dropped. */
  readonly onDropped: (refusal: Refusal) => void
  /** Maximum number of different refusals. Default: 10,000. */
  readonly size?: number
}

const SIZE = 10_000
/** Maximum number of different refusals of one actor per minute: those of a full batch. */
export const MAX_PER_ACTOR = 1000
const MINUTE_MS = 60_000
/** Messages repeat input, which may be long. */
const MAX_MESSAGE_CHARS = 1000

export class RefusalQueue implements RefusalSink {
  private readonly onDropped: (refusal: Refusal) => void
  private readonly size: number
  private readonly queued = new Map<string, QueuedRefusal>()
  /** The number of different refusals of each actor in the current minute. */
  private readonly counts = new Map<string, number>()
  private minuteEndsAt = 0

  constructor({ onDropped, size = SIZE }: RefusalQueueOptions) {
    this.onDropped = onDropped
    this.size = size
  }

  get length(): number {
    return this.queued.size
  }

  add(refusal: Refusal): void {
    const key = JSON.stringify(Object.values(refusal))
    const equal = this.queued.get(key)
    if (equal !== undefined) {
      equal.times += 1
      return
    }
    const now = performance.now()
    if (this.queued.size >= this.size || !this.count(refusal.actor, now)) {
      this.onDropped(refusal)
      return
    }
    const message = refusal.message.slice(0, MAX_MESSAGE_CHARS).toWellFormed()
    this.queued.set(key, { refusal: { ...refusal, message }, addedAt: now, times: 1 })
  }

  /** Removes up to `max` refusals, oldest first. */
  take(max: number): QueuedRefusal[] {
    const taken: QueuedRefusal[] = []
    for (const [key, one] of this.queued) {
      if (taken.length === max) break
      taken.push(one)
      this.queued.delete(key)
    }
    return taken
  }

  /** False if the actor may not add another refusal in this minute. */
  private count(actor: string, now: number): boolean {
    if (now >= this.minuteEndsAt) {
      this.counts.clear()
      this.minuteEndsAt = now + MINUTE_MS
    }
    const count = this.counts.get(actor) ?? 0
    if (count >= MAX_PER_ACTOR) return false
    this.counts.set(actor, count + 1)
    return true
  }
}
