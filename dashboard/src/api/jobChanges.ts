// Follows changes of jobs over server-sent events. The stream names only the job that has changed.
// Readers load the rest from the API, and again each time the stream opens, so an interruption
// loses nothing.
import { createParser } from 'eventsource-parser'
import { JobChangesDocument, type JobStateRecordFilter } from './documents.generated.ts'
import { ApiError, bodyOf, errorOf, type Failure, failureIn, isRefusal, messageOf, post } from './request.ts'
import { endSession } from './session.ts'

export interface JobChangesOptions {
  readonly filter: JobStateRecordFilter
  /** Called when the stream opens, again after each interruption. */
  onOpen(): void
  onChange(jobId: string): void
  /** Called when the stream is interrupted, and when it is refused: then it is not opened again. */
  onInterrupted(interruption: Interruption): void
}

/** Why there are no live updates at the moment. */
export interface Interruption {
  readonly reason: string
  /** Whether the server refuses them. */
  readonly isFinal: boolean
}

const MIN_PAUSE_MS = 1000
const MAX_PAUSE_MS = 15_000
/** The server sends a ping at least every 20 s. */
const SILENCE_MS = 30_000

/**
 * Follows until the returned function is called. Pauses while the page is hidden, because browsers
 * open only six connections to a server at a time.
 */
export function followJobChanges(options: JobChangesOptions): () => void {
  const stopped = new AbortController()
  let connection = new AbortController()
  const run = async (): Promise<void> => {
    for (let failures = 0; !stopped.signal.aborted; ) {
      await untilVisible(stopped.signal)
      connection = new AbortController()
      const end = await readStream(options, AbortSignal.any([stopped.signal, connection.signal]))
      if (end === 'refused') return
      failures = end === 'broken' ? 0 : failures + 1
      if (document.visibilityState === 'visible') await pause(failures, stopped.signal)
    }
  }
  const onHidden = (): void => {
    if (document.visibilityState === 'hidden') connection.abort()
  }
  document.addEventListener('visibilitychange', onHidden)
  void run()
  return () => {
    document.removeEventListener('visibilitychange', onHidden)
    stopped.abort()
  }
}

/** How a stream ended: after it was open, before it was, or for good. */
type StreamEnd = 'broken' | 'not opened' | 'refused'

/** Resolves when the stream has ended. Never rejects. */
async function readStream(options: JobChangesOptions, signal: AbortSignal): Promise<StreamEnd> {
  const silence = new AbortController()
  let timer: number | undefined
  let isOpen = false
  try {
    const body = bodyOf(JobChangesDocument, { filter: options.filter })
    const response = await post(body, 'text/event-stream', { signal: AbortSignal.any([signal, silence.signal]) })
    if (response.status === 401)
      endSession(failureIn(await response.clone().text())?.message ?? 'The credential is not valid.')
    if (!response.headers.get('content-type')?.startsWith('text/event-stream') || response.body === null) {
      throw new ApiError(`The server refused live updates with status ${response.status}.`, { code: 'REFUSED' })
    }
    const open = (): void => {
      if (!isOpen) options.onOpen()
      isOpen = true
    }
    const parser = createParser({
      onComment: open,
      onEvent({ event, data }) {
        if (event !== 'next') return
        const jobId = changedJob(data)
        open()
        options.onChange(jobId)
      },
    })
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
      const { done, value } = await reader.read()
      clearTimeout(timer)
      if (done) break
      parser.feed(value)
    }
    throw new ApiError('The server ended the live updates.', { code: 'ENDED' })
  } catch (error) {
    clearTimeout(timer)
    const isFinal = isRefusal(error)
    if (!signal.aborted) options.onInterrupted({ reason: messageOf(error), isFinal })
    if (isFinal) return 'refused'
    return isOpen ? 'broken' : 'not opened'
  }
}

/** The job that an event is about. @throws ApiError if the server has ended the stream with it */
function changedJob(data: string): string {
  const { data: result, errors } = JSON.parse(data) as {
    data?: { jobEvents: { record: { job: { jobId: string } } } } | null
    errors?: readonly Failure[]
  }
  if (result) return result.jobEvents.record.job.jobId
  throw errorOf(errors?.[0] ?? { message: 'The server ended the live updates.' })
}

function untilVisible(signal: AbortSignal): Promise<void> {
  if (document.visibilityState === 'visible') return Promise.resolve()
  return new Promise((resolve) => {
    document.addEventListener('visibilitychange', () => resolve(), { once: true, signal })
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function pause(failures: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** failures)
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
