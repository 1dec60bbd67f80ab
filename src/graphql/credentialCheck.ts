// Hands rows on to a subscriber for as long as its credential is good. A subscription may last for weeks,
// a credential is revoked in a moment.
import { setTimeout as sleep } from 'node:timers/promises'
import { GraphQLError } from 'graphql'
import type { Caller } from '../access/caller.ts'
import type { GraphQLContext } from './context.ts'

/** Before something is handed on, the credential was looked at so long ago at most. */
const CREDENTIAL_TTL_MS = 5000
/** It is looked at so often while there is nothing to hand on. */
const IDLE_CHECK_MS = 10_000

/**
 * The rows; in place of what cannot be had, the error, after which the subscription is over. `follow` is given a signal that is aborted
 * when the subscription ends.
 */
export function streamWithCredentialCheck<Row>(
  context: GraphQLContext,
  follow: (signal: AbortSignal) => AsyncIterable<Row>,
): AsyncIterableIterator<Row | Error> {
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, context.signal])
  const credential = new Credential(context)
  const rows = forward(follow(signal), credential, signal)
  const watching = watchCredential(credential, over, signal)
  return {
    next: () => rows.next(),
    // A generator that waits would be ended after its wait only.
    return: async () => {
      over.abort(new Error('the subscriber is gone'))
      await watching
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
      if (!credential.isKnown) await credential.requireGood()
      yield row
    }
  } catch (error) {
    const reason = signal.aborted ? signal.reason : error
    // Of a subscriber who is gone nobody is told.
    if (!signal.aborted || reason instanceof GraphQLError) yield reason as Error
  }
  return undefined
}

async function watchCredential(credential: Credential, over: AbortController, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await sleep(IDLE_CHECK_MS, undefined, { signal, ref: false })
      await credential.requireGood()
    } catch (error) {
      // What else may fail is no fault of the credential: it is looked at again.
      if (error instanceof GraphQLError) over.abort(error)
    }
  }
}

class Credential {
  private readonly context: GraphQLContext
  private seenAt = performance.now()

  constructor(context: GraphQLContext) {
    this.context = context
  }

  /** It was looked at just now. */
  get isKnown(): boolean {
    return performance.now() - this.seenAt < CREDENTIAL_TTL_MS
  }

  /** @throws GraphQLError if it is not good any more, or good for something else */
  async requireGood(): Promise<void> {
    if (this.isKnown) return
    const { caller, reauthenticate } = this.context
    if (!isSame(caller, await reauthenticate())) {
      throw new GraphQLError('What this credential allows has changed: subscribe again.', {
        extensions: { code: 'UNAUTHENTICATED' },
      })
    }
    this.seenAt = performance.now()
  }
}

function isSame(a: Caller, b: Caller): boolean {
  return a.actor === b.actor && a.userId === b.userId && [...a.roles].sort().join() === [...b.roles].sort().join()
}
