// `jobledger tail`: prints what happens in the ledger, as it happens, until it is stopped.
import { type FollowJobEventsOptions, followJobEvents } from '../client/followJobEvents.ts'
import { readClientConfig } from '../config.ts'
import { nextSignal } from './nextSignal.ts'
import { print } from './output.ts'
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

/** Prints events until a signal comes, or their reader ends, as `head` does. @throws UsageError, RequestRefusedError, OutputError */
export async function tail(options: TailOptions): Promise<void> {
  const { token, url } = readClientConfig(options.url)
  const stop = new AbortController()
  const stopped = nextSignal().then(() => {
    stop.abort()
    return false
  })
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
    // A signal ends it also while the reader does not read.
    if (!(await Promise.race([print(lineOf(event)), stopped]))) break
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
