// `jobledger tail`: prints events of the ledger as they happen, until it is stopped.
import { type FollowJobEventsOptions, followJobEvents, RequestRefusedError } from '../client/followJobEvents.ts'
import { readClientConfig } from '../config.ts'
import { refusalMessage, withOptions } from './credential.ts'
import { nextSignal } from './nextSignal.ts'
import { print } from './output.ts'
import { UsageError } from './program/usageError.ts'
import { jsonLine, textLine } from './tail/lines.ts'

export interface TailOptions {
  /** The cursor of an event to start after; by default starts now. */
  readonly after?: string
  readonly user?: string
  readonly job?: string
  readonly actor?: string
  readonly state?: readonly string[]
  /** Prints JSON lines; by default plain text. */
  readonly json: boolean
  /** The endpoint of the server; by default from the environment. */
  readonly url?: string
}

const STATES = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const
type State = (typeof STATES)[number]

/**
 * Prints events until a signal, or until the reader closes, as `head` does.
 *
 * @throws UsageError, RequestRefusedError, OutputError
 */
export async function tail(options: TailOptions): Promise<void> {
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
      // A signal also ends it while the reader does not read.
      if (!(await Promise.race([print(lineOf(event)), stopped]))) break
    }
  } catch (error) {
    if (!(error instanceof RequestRefusedError)) throw error
    throw new UsageError(withOptions(refusalMessage(error, config), OPTIONS), { cause: error })
  }
}

/** Options by the API field that they set. */
const OPTIONS = { after: '--after', userId: '--user', jobId: '--job', actor: '--actor', newStates: '--state' }

/** Reports each new reason once, regardless of retries, and the recovery. */
function reportOutages(url: string): Pick<FollowJobEventsOptions, 'onInterruption' | 'onRecovery'> {
  let reported: string | undefined
  return {
    onInterruption({ message }) {
      if (message !== reported) console.error(`${message} Retrying.`)
      reported = message
    },
    onRecovery() {
      console.error(`${url} responds again.`)
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
  if (state === undefined) throw new UsageError(`--state must be one of ${STATES.join(', ')} (got "${text}").`)
  return state
}
