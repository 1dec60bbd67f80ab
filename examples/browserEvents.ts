// For a web page: calls `onEvent` for every event of the ledger, and goes on where it was when the connection breaks.
import { createClient } from 'graphql-sse'

const QUERY = `subscription ($after: String) {
  jobEvents(after: $after) { cursor record { sequence newState job { jobId } } }
}`

export interface PageEvent {
  readonly cursor: string
  readonly record: { readonly sequence: number; readonly newState: string; readonly job: { readonly jobId: string } }
}

export async function follow(url: string, token: string | undefined, onEvent: (event: PageEvent) => void) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const client = createClient({ url, headers, retryAttempts: 0 })
  for (let after: string | undefined; ; ) {
    try {
      const results = client.iterate<{ jobEvents: PageEvent }>({ query: QUERY, variables: { after } })
      for await (const { data, errors } of results) {
        if (errors || !data) throw new Error(errors?.[0]?.message)
        onEvent(data.jobEvents)
        after = data.jobEvents.cursor
      }
    } catch (error) {
      console.warn(error)
      await new Promise((resolve) => setTimeout(resolve, 2000))
    }
  }
}
