// A job in the hands of a worker, as its handler gets to see it.

export interface ClaimedJob {
  /** The global id. */
  readonly id: string
  /** The UUID, as in the database. */
  readonly jobId: string
  /** What is to be done. */
  readonly content: string
  readonly preset: string | null
  readonly metadata: Readonly<Record<string, unknown>>
  /** Whom the job belongs to. */
  readonly userId: string
  /** How often the job was started, this time included. */
  readonly attempt: number
  readonly maxAttempts: number
  /** The fencing token: whatever this worker says about the job is refused once the job has another version. */
  readonly version: number
  readonly priority: number
  /** RFC 3339, in UTC with milliseconds. */
  readonly createdAt: string
}

export interface JobContext {
  /**
   * Aborted when to go on is of no use. `signal.reason` is a LeaseLostError, a JobCancelledError or a WorkerStoppedError.
   * Hand it to whatever takes a signal, and throw when it is aborted.
   */
  readonly signal: AbortSignal
  /** Extends the lease of this job now, as the worker does by itself every third of a lease. @throws the reason of `signal` */
  extend(): Promise<void>
}
