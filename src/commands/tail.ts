// `jobledger tail`: prints what happens in the ledger, as it happens, until it is stopped.
import { once } from 'node:events'
import { type FollowJobEventsOptions, followJobEvents } from '../client/followJobEvents.ts'
import { readClientConfig } from '../config.ts'
import { nextSignal } from './nextSignal.ts'
import { UsageError } from './program/usageError.ts'
import { jsonLine, textLine } from './tail/lines.ts'

export interface TailOptions {
  /** The cursor of an event; by default from now on. */
  readonly after?: string
  readonly user?: string
  readonly job?: string
  readonly actor?: string
  readonly state?: readonly string[]
  /** Lines of JSON; by default lines for people. */
  readonly json: boolean
  /** The endpoint of the server; by default that of the environment. */
  readonly url?: string
}

const STATES = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const
type State = (typeof STATES)[number]

/** Prints events until a signal comes, or nobody reads them any more. @throws UsageError, RequestRefusedError */
export async function tail(options: TailOptions): Promise<void> {
  const { token, url } = readClientConfig(options.url)
  const stop = new AbortController()
  void nextSignal().then(() => stop.abort())
  // Whoever read has gone, as `head` does.
  process.stdout.on('error', () => stop.abort())
  const lineOf = options.json ? jsonLine : textLine
  const events = followJobEvents({
    url,
    token,
    after: options.after,
    filter: filterOf(options),
    signal: stop.signal,
    onInterruption: ({ message }) => console.error(`${message} Trying again.`),
  })
  for await (const event of events) {
    if (!process.stdout.write(`${lineOf(event)}\n`))
      await once(process.stdout, 'drain', { signal: stop.signal }).catch(() => undefined)
    if (stop.signal.aborted) break
  }
}

function filterOf({ user, job, actor, state }: TailOptions): FollowJobEventsOptions['filter'] {
  return {
    ...(user !== undefined && { userId: user }),
    ...(job !== undefined && { jobId: job }),
    ...(actor !== undefined && { actor }),
    ...(state !== undefined && { newStates: state.map(stateOf) }),
  }
}

function stateOf(text: string): State {
  const state = STATES.find((one) => one === text.toUpperCase())
  if (state === undefined) throw new UsageError(`--state must be one of ${STATES.join(', ')}; "${text}" came.`)
  return state
}
