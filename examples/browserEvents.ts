// For a web page: calls `onEvent` for every event. If the connection breaks or goes silent, it
// reconnects and continues after the last event.
import { createClient } from 'graphql-sse'

const QUERY = `subscription ($after: String) {
  jobEvents(after: $after) { cursor record { sequence newState job { jobId } } }
}`
// More than the 12 s after which the server sends a keep-alive message.
const SILENCE_MS = 30_000
const PAUSE_MS = 2000

export interface PageEvent {
  readonly cursor: string
  readonly record: { readonly sequence: number; readonly newState: string; readonly job: { readonly jobId: string } }
}

export interface FollowOptions {
  readonly url: string
  readonly token?: string
  /** The cursor of the last event. By default the stream begins now. */
  readonly after?: string
  readonly silenceMs?: number
  onEvent(event: PageEvent): void
}

export async function follow({ url, token, after, silenceMs = SILENCE_MS, onEvent }: FollowOptions) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const client = createClient({ url, headers, retryAttempts: 0, fetchFn: fetchUntilSilent(silenceMs) })
  for (let cursor = after; ; ) {
    try {
      // Nothing after this cursor is missed, even if the connection breaks before the first event.
      if (cursor === undefined) {
        for await (const { data } of client.iterate<{ latestEventCursor: string }>({ query: '{ latestEventCursor }' }))
          cursor = data?.latestEventCursor
      }
      const results = client.iterate<{ jobEvents: PageEvent }>({ query: QUERY, variables: { after: cursor } })
      for await (const { data, errors } of results) {
        if (errors || !data) throw new Error(errors?.[0]?.message)
        onEvent(data.jobEvents)
        cursor = data.jobEvents.cursor
      }
    } catch (error) {
      console.warn(error)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

/**
 * `fetch` whose response fails after `silenceMs` of silence. That closes the connection, so the
 * next request opens a new one.
 */
function fetchUntilSilent(silenceMs: number): typeof fetch {
  return async (input, init) => {
    const silence = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const end = () => clearTimeout(timer)
    const heard = () => {
      end()
      timer = setTimeout(() => silence.abort(new Error(`Nothing was received for ${silenceMs} ms.`)), silenceMs)
    }
    init?.signal?.addEventListener('abort', end)
    heard()
    const signals = [silence.signal, ...(init?.signal ? [init.signal] : [])]
    const { body, status, headers } = await fetch(input, { ...init, signal: AbortSignal.any(signals) })
    const watch = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        heard()
        controller.enqueue(chunk)
      },
      flush: end,
    })
    return new Response(body?.pipeThrough(watch), { status, headers })
  }
}
