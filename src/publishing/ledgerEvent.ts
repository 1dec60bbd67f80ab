// A published record: one line of JSON, and the body of a message.
import type { JobState } from '../database/generated/client.ts'

export interface LedgerEvent {
  /**
   * `<jobId>:<sequence>`, followed by `:<epoch>` if it was written after a restore or failover.
   * Repeated deliveries have the same id; an event that was lost and its replacement have different
   * ids.
   */
  readonly eventId: string
  /** The position after the event, to resume from. */
  readonly cursor: string
  readonly jobId: string
  /** 1, 2, 3 ... within the job, without gaps. */
  readonly sequence: number
  /** Null for the creation of the job. */
  readonly previousState: JobState | null
  readonly newState: JobState
  readonly reason: string | null
  /** The error of the attempt that ended, for a transition to FAILED; else null. */
  readonly error: string | null
  /** Metadata of the transition. */
  readonly metadata: unknown
  readonly actor: string
  /** RFC 3339, in UTC, with milliseconds. */
  readonly timestamp: string
  /** The user that the job belongs to. */
  readonly userId: string
  readonly preset: string | null
}
