// `jobledger tail`: prints what happens in the ledger, as it happens, until it is stopped.
import { type FollowJobEventsOptions, followJobEvents, RequestRefusedError } from '../client/followJobEvents.ts'
import { readClientConfig } from '../config.ts'
import { refusalMessage, withOptions } from './credential.ts'
import { nextSignal } from './nextSignal.ts'
import { print, requireShown } from './output.ts'
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
  requireShown()
  const config = readClientConfig(options.url)
  const { token, url } = config
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
    ...reportOutages(url),
  })
  try {
    for await (const event of events) {
      // A signal ends it also while the reader does not read.
      if (!(await Promise.race([print(lineOf(event)), stopped]))) break
    }
  } catch (error) {
    if (!(error instanceof RequestRefusedError)) throw error
    throw new UsageError(withOptions(refusalMessage(error, config), OPTIONS), { cause: error })
  }
}

/** The options that the fields of a filter, and the cursor, come from. */
const OPTIONS = { after: '--after', userId: '--user', jobId: '--job', actor: '--actor', newStates: '--state' }

/** Each new reason once, however often it is tried again, and that it is over. */
function reportOutages(url: string): Pick<FollowJobEventsOptions, 'onInterruption' | 'onRecovery'> {
  let reported: string | undefined
  return {
    onInterruption({ message }) {
      if (message !== reported) console.error(`${message} Trying again.`)
      reported = message
    },
    onRecovery() {
      console.error(`${url} answers again.`)
      reported = undefined
    },
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
