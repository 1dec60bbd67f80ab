import { now } from './clock.ts'
import { preciseInstant, relativeInstant, shortInstant } from './instants.ts'

/** An instant to the second; its title has the rest. */
export function Time({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={`${preciseInstant(at)} here, ${at} in UTC`}>
      {shortInstant(at)}
    </time>
  )
}

/** How long ago or in how long, each second. */
export function Relative({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={preciseInstant(at)}>
      {relativeInstant(at, now.value)}
    </time>
  )
}
