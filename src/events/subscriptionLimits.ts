// How many subscriptions are open, in all and of each caller.

export interface SubscriptionLimits {
  /** Maximum number of subscriptions of this server. */
  readonly maxSubscriptions: number
  /** Maximum number of subscriptions of one caller. */
  readonly maxSubscriptionsPerCaller: number
}

/** There is no place for another subscription. */
export class TooManySubscriptionsError extends Error {
  override readonly name = 'TooManySubscriptionsError'
}

export class SubscriptionPlaces {
  private readonly limits: SubscriptionLimits
  private readonly byCaller = new Map<string, number>()
  private taken = 0

  constructor(limits: SubscriptionLimits) {
    this.limits = limits
  }

  /** Takes a place at once. Returns what gives it back, which is safe to call twice. @throws TooManySubscriptionsError */
  take(caller: string): () => void {
    const { maxSubscriptions, maxSubscriptionsPerCaller } = this.limits
    const ofCaller = this.byCaller.get(caller) ?? 0
    if (this.taken >= maxSubscriptions) throw full('This server', maxSubscriptions)
    if (ofCaller >= maxSubscriptionsPerCaller) throw full(caller, maxSubscriptionsPerCaller)
    this.taken += 1
    this.byCaller.set(caller, ofCaller + 1)
    let isTaken = true
    return () => {
      if (isTaken) this.giveBack(caller)
      isTaken = false
    }
  }

  private giveBack(caller: string): void {
    this.taken -= 1
    const left = (this.byCaller.get(caller) ?? 0) - 1
    if (left > 0) this.byCaller.set(caller, left)
    else this.byCaller.delete(caller)
  }
}

function full(who: string, limit: number): TooManySubscriptionsError {
  return new TooManySubscriptionsError(`${who} has ${limit} subscriptions, which is the limit; retry later.`)
}
