// Sends a sample as its caller would: a subscription over a stream, of which the first event
// counts.
import { openSubscription } from '../../../src/client/openSubscription.ts'
import { passedHorizon } from '../../support/passedHorizon.ts'
import type { TestServer } from '../../support/server.ts'
import type { Sample, Target } from './sample.ts'

interface Reply {
  // biome-ignore lint/suspicious/noExplicitAny: answers of every form
  readonly data?: any
  readonly errors?: readonly { readonly extensions?: Readonly<Record<string, unknown>> }[]
}

/** Existing events arrive at once. Without one in this time, no event exists. */
const STREAM_MS = 1000

export async function ask(
  server: TestServer,
  { query, variables }: Sample,
  target: Target,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  const given = await variables(target, server.ledger)
  if (!query.startsWith('subscription')) return server.request(query, given, headers)
  await passedHorizon(server.ledger)
  const stop = new AbortController()
  const operation = { query, variables: given }
  const results = await openSubscription(`${server.url}/graphql`, operation, { headers, signal: stop.signal })
  const nothing = new Promise<{ value: Reply }>((resolve) =>
    setTimeout(resolve, STREAM_MS, { value: { data: { it: null } } }),
  )
  const first = results.next()
  const { value } = await Promise.race([first, nothing])
  stop.abort()
  await first.catch(() => undefined)
  return value as Reply
}
