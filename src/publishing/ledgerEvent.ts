// A record of the ledger as it is handed on to others: one line of JSON, the body of a message.
import type { JobState } from '../database/generated/client.ts'

export interface LedgerEvent {
  /**
   * `<jobId>:<sequence>`, with `:<epoch>` behind it if it was written after a restore or failover. The same each time that the event comes; one
   * that was lost and the one in its place have different ids.
   */
  readonly eventId: string
  /** Where whoever reads on stands after it. */
  readonly cursor: string
  readonly jobId: string
  /** 1, 2, 3 ... within the job, without gaps. */
  readonly sequence: number
  /** Null for the creation. */
  readonly previousState: JobState | null
  readonly newState: JobState
  readonly reason: string | null
  /** What went wrong in the attempt that ended: of a transition to FAILED, else null. */
  readonly error: string | null
  /** What the author of the transition attached to it. */
  readonly metadata: unknown
  readonly actor: string
  /** RFC 3339, in UTC, with milliseconds. */
  readonly timestamp: string
  /** Whom the job belongs to. */
  readonly userId: string
  readonly preset: string | null
}
