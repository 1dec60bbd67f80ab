// Why a handler is to stop: the reasons of the signal that it is given.

/** Somebody else has the job, or may have it: what the handler still does is of no use, and nothing more is said about the job. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/** Somebody asked for the job to be cancelled. When the handler has stopped, the job becomes CANCELLED. */
export class JobCancelledError extends Error {
  override readonly name = 'JobCancelledError'
}

/** The worker is being stopped, and the time to finish is over. The job is given back, and does not count as tried. */
export class WorkerStoppedError extends Error {
  override readonly name = 'WorkerStoppedError'
}
