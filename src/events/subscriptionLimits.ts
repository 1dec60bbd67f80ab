// Limits on open subscriptions, in total and for one caller.

export interface SubscriptionLimits {
  /** Maximum number of subscriptions of this server. */
  readonly maxSubscriptions: number
  /** Maximum number of subscriptions of one caller. */
  readonly maxSubscriptionsPerCaller: number
}

/** A limit on open subscriptions is reached. */
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

  /**
   * Takes a place. Returns its release function, which is safe to call twice.
   *
   * @throws TooManySubscriptionsError
   */
  take(caller: string): () => void {
    const { maxSubscriptions, maxSubscriptionsPerCaller } = this.limits
    const ofCaller = this.byCaller.get(caller) ?? 0
    if (this.taken >= maxSubscriptions) throw full('This server', maxSubscriptions)
    if (ofCaller >= maxSubscriptionsPerCaller) throw full(caller, maxSubscriptionsPerCaller)
    this.taken += 1
    this.byCaller.set(caller, ofCaller + 1)
    let isTaken = true
    return () => {
      if (isTaken) this.release(caller)
      isTaken = false
    }
  }

  private release(caller: string): void {
    this.taken -= 1
    const left = (this.byCaller.get(caller) ?? 0) - 1
    if (left > 0) this.byCaller.set(caller, left)
    else this.byCaller.delete(caller)
  }
}

function full(who: string, limit: number): TooManySubscriptionsError {
  return new TooManySubscriptionsError(`${who} has reached the limit of ${limit} open subscriptions; retry later.`)
}
