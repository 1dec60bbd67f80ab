// Ends a subscription when its credential is no longer valid. Subscriptions may last for weeks, and
// the credential may expire or be revoked meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import { GraphQLError } from 'graphql'
import type { Caller } from '../access/caller.ts'
import type { GraphQLContext } from './context.ts'

/** Maximum age of the last check when an event is sent. */
const CREDENTIAL_TTL_MS = 5000
/** Interval of checks while no events are sent. */
const IDLE_CHECK_INTERVAL_MS = 10_000

/**
 * Yields the rows of `follow` and checks the credential meanwhile. After a failure it yields the
 * error and ends. The signal that `follow` gets is aborted when the subscription ends.
 */
export function streamWithCredentialCheck<Row>(
  context: GraphQLContext,
  follow: (signal: AbortSignal) => AsyncIterable<Row>,
): AsyncIterableIterator<Row | Error> {
  const ended = new AbortController()
  const signal = AbortSignal.any([ended.signal, context.signal])
  const credential = new Credential(context)
  const rows = forward(follow(signal), credential, signal)
  const checking = checkWhileIdle(credential, ended, signal)
  return {
    next: () => rows.next(),
    // A waiting generator handles `return` only after its wait, so abort the wait first.
    return: async () => {
      ended.abort(new Error('the client closed the subscription'))
      await checking
      return rows.return(undefined)
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function* forward<Row>(
  rows: AsyncIterable<Row>,
  credential: Credential,
  signal: AbortSignal,
): AsyncGenerator<Row | Error, undefined> {
  try {
    for await (const row of rows) {
      if (!credential.isFresh) await credential.requireValid()
      yield row
    }
  } catch (error) {
    const reason = signal.aborted ? signal.reason : error
    // A subscriber that has disconnected gets no error.
    if (!signal.aborted || reason instanceof GraphQLError) yield reason as Error
  }
  return undefined
}

async function checkWhileIdle(credential: Credential, ended: AbortController, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await sleep(IDLE_CHECK_INTERVAL_MS, undefined, { signal, ref: false })
      await credential.requireValid()
    } catch (error) {
      // Other errors say nothing about the credential. The next check may succeed.
      if (error instanceof GraphQLError) ended.abort(error)
    }
  }
}

class Credential {
  private readonly context: GraphQLContext
  private checkedAt = performance.now()

  constructor(context: GraphQLContext) {
    this.context = context
  }

  get isFresh(): boolean {
    return performance.now() - this.checkedAt < CREDENTIAL_TTL_MS
  }

  /**
   * @throws GraphQLError if the credential is no longer valid, or now identifies another caller or
   * other roles
   */
  async requireValid(): Promise<void> {
    if (this.isFresh) return
    const { caller, reauthenticate } = this.context
    if (!isSame(caller, await reauthenticate())) {
      throw new GraphQLError('The roles of this credential have changed: subscribe again.', {
        extensions: { code: 'UNAUTHENTICATED' },
      })
    }
    this.checkedAt = performance.now()
  }
}

function isSame(a: Caller, b: Caller): boolean {
  return a.actor === b.actor && a.userId === b.userId && [...a.roles].sort().join() === [...b.roles].sort().join()
}
