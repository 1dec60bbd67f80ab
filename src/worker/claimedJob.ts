// A job as its handler sees it.

export interface ClaimedJob {
  /** The global id. */
  readonly id: string
  /** The UUID, as in the database. */
  readonly jobId: string
  /** What to do. */
  readonly content: string
  readonly preset: string | null
  readonly metadata: Readonly<Record<string, unknown>>
  /** The user that the job belongs to. */
  readonly userId: string
  /** Number of times the job was started, including this one. */
  readonly attempt: number
  readonly maxAttempts: number
  /**
   * The fencing token: once the job has another version, the server refuses what this worker sends.
   */
  readonly version: number
  readonly priority: number
  /** RFC 3339, in UTC with milliseconds. */
  readonly createdAt: string
}

export interface JobContext {
  /**
   * Aborted when further work is useless. `signal.reason` is a LeaseLostError, a JobCancelledError
   * or a WorkerStoppedError. Pass it to every call that accepts a signal, and throw when it is
   * aborted.
   */
  readonly signal: AbortSignal
  /**
   * Extends the lease now. The worker also extends it every third of its duration.
   *
   * @throws the reason of `signal`
   */
  extend(): Promise<void>
}
