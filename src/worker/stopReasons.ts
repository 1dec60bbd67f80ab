// Reasons of a handler's abort signal.

/**
 * Another worker has the job, or may have it: further work is useless, and nothing more is reported
 * about the job.
 */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/**
 * Cancellation of the job was requested. Once the handler has stopped, the job becomes CANCELLED.
 */
export class JobCancelledError extends Error {
  override readonly name = 'JobCancelledError'
}

/**
 * The worker is stopping, and the drain timeout has expired. The job is released; the attempt does
 * not count.
 */
export class WorkerStoppedError extends Error {
  override readonly name = 'WorkerStoppedError'
}
