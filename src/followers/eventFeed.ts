// Looks for new records in the ledger, once for all who wait for some in this process, and wakes those for whom there is something.
// It holds no records: each reader reads for itself, at its own pace (followEvents.ts). While nobody waits it does not look.

import { setTimeout as pause } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { ChoreLog } from '../database/chore.ts'
import { comparePositions, type OrderKey, type Position } from '../ledger/eventOrder.ts'
import { currentPosition, readFacts } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { admits, type JobStateRecordFilter, type RecordFacts } from '../ledger/recordFilter.ts'
import { TimelineEndedError } from '../ledger/timelines.ts'

export interface EventFeedOptions {
  readonly ledger: Ledger
  /** From one look to the next. */
  readonly pollMs: number
  readonly mostWatches: number
  /** So many readers ask the database at once; others wait for their turn. */
  readonly mostReaders: number
  readonly log: ChoreLog
}

export interface EventFeed {
  /** How many wait. */
  readonly watches: number
  /** How many may. Whoever begins a watch sees to it. */
  readonly mostWatches: number
  /** Resolves when nothing that is committed from now on can be missed. @throws what the database throws */
  watch(filter: JobStateRecordFilter): Promise<Watch>
  /** Runs what a reader asks of the database when it is its turn: those who catch up must not take all connections. */
  read<T>(work: () => Promise<T>): Promise<T>
}

/** Somebody who waits for records that a filter admits. */
export interface Watch {
  /**
   * Resolves when there is a record behind `position`; to a position between which and the given one there is none. Whoever asks has read
   * everything up to `position`, which he reached after the watch began.
   *
   * @throws the reason of `signal` when that is aborted
   */
  next(position: Position, signal: AbortSignal): Promise<Position>
  close(): void
}

/** Records that are looked at by one statement. */
const MOST_RECORDS = 1000

export function createEventFeed({ ledger, pollMs, mostWatches, mostReaders, log }: EventFeedOptions): EventFeed {
  const turns = pLimit(mostReaders)
  const waiting = new Waiting()
  /** Where the feed began to look, while it does. */
  let beginning: Promise<Position> | undefined

  async function look(from: Position): Promise<Position> {
    const { records, end, isLast } = await readFacts(ledger, from, MOST_RECORDS)
    for (const record of records) waiting.tell(record)
    return isLast ? end : look(end)
  }

  async function lookAgainAndAgain(from: Position): Promise<void> {
    let now = from
    let isAway = false
    while (waiting.size > 0) {
      await pause(pollMs)
      try {
        now = await look(now).catch(startOver)
        isAway = false
      } catch (error) {
        log[isAway ? 'debug' : 'warn']({ err: error }, 'followers have lost the database; they go on when it is back')
        isAway = true
      }
    }
    beginning = undefined
  }

  /** Where the timeline has ended, each reader finds that out for itself. */
  async function startOver(error: unknown): Promise<Position> {
    if (!(error instanceof TimelineEndedError)) throw error
    waiting.tellAll()
    return currentPosition(ledger)
  }

  /** Begins to look, if nobody does. */
  function begin(): Promise<Position> {
    if (beginning === undefined) {
      beginning = currentPosition(ledger)
      beginning.then(lookAgainAndAgain, () => {
        beginning = undefined
      })
    }
    return beginning
  }

  return {
    mostWatches,
    read: (work) => turns(work),
    get watches() {
      return waiting.size
    },
    async watch(filter) {
      const watch = new Waiter(filter, () => waiting.remove(watch))
      // Before the feed begins: it ends when nobody waits.
      waiting.add(watch)
      try {
        await begin()
      } catch (error) {
        watch.close()
        throw error
      }
      return watch
    },
  }
}

/** All who wait, by what they wait for: a record is not shown to those who wait for another job or for another user. */
class Waiting {
  size = 0
  private readonly byInterest = new Map<string, Set<Waiter>>()

  add(waiter: Waiter): void {
    const interest = interestOf(waiter.filter)
    const others = this.byInterest.get(interest)
    if (others) others.add(waiter)
    else this.byInterest.set(interest, new Set([waiter]))
    this.size++
  }

  remove(waiter: Waiter): void {
    const interest = interestOf(waiter.filter)
    const all = this.byInterest.get(interest)
    if (!all?.delete(waiter)) return
    if (all.size === 0) this.byInterest.delete(interest)
    this.size--
  }

  tellAll(): void {
    for (const waiter of [...this.byInterest.values()].flatMap((waiters) => [...waiters])) waiter.found(END)
  }

  tell(record: RecordFacts & OrderKey): void {
    for (const interest of [`job ${record.jobId}`, `user ${record.userId}`, 'everything']) {
      for (const waiter of this.byInterest.get(interest) ?? []) {
        if (admits(waiter.filter, record)) waiter.found(record)
      }
    }
  }
}

/** Behind every position. */
const END: OrderKey = { transactionId: 2n ** 62n, id: 0n }

function interestOf({ jobId, ownerId, userId }: JobStateRecordFilter): string {
  if (jobId != null) return `job ${jobId.toLowerCase()}`
  const user = ownerId ?? userId
  return user == null ? 'everything' : `user ${user}`
}

class Waiter implements Watch {
  readonly filter: JobStateRecordFilter
  readonly close: () => void
  /** Since its reader last asked. */
  private first: OrderKey | undefined
  private last: OrderKey | undefined
  private wake: (() => void) | undefined

  constructor(filter: JobStateRecordFilter, close: () => void) {
    this.filter = filter
    this.close = close
  }

  found(record: OrderKey): void {
    if (record !== END) this.first ??= record
    this.last = record
    this.wake?.()
  }

  async next(position: Position, signal: AbortSignal): Promise<Position> {
    for (;;) {
      const { first, last } = this
      this.first = undefined
      this.last = undefined
      if (first && comparePositions(first, position) > 0) return { ...position, ...justBefore(first) }
      if (last && comparePositions(last, position) > 0) return position
      await this.woken(signal)
    }
  }

  private woken(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.wake = undefined
        signal.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => {
        end()
        reject(signal.reason)
      }
      this.wake = () => {
        end()
        resolve()
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}

function justBefore({ transactionId, id }: OrderKey): OrderKey {
  return { transactionId, id: id - 1n }
}
