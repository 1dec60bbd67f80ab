// Shares the thread of this process between callers. Work that cannot be interrupted runs in turns.
// A caller pays for the length of its turn: its next turn is due after a multiple of that time, and
// turns of others that are due earlier run first.

/**
 * What a turn is for: a request until it waits for the database, or the rows of a statement until
 * the response is made of them.
 */
export type TurnKind = 'request' | 'rows'

/** A turn delays the next turn of its kind and caller by this multiple of its length. */
const CHARGE_FACTORS: Readonly<Record<TurnKind, number>> = { request: 6, rows: 3 }
/**
 * A turn may start this early on an idle thread. A longer delay applies even then: requests of
 * others that wait for the database or for bytes need the thread repeatedly, and each would wait
 * for a long turn. Turns of up to 6 ms never wait for an idle thread.
 */
const MAX_EARLY_MS = 36
/** A caller is active for this long after its turn. */
const ACTIVE_MS = 1000
/** Maximum time of turns in one pass of the event loop. Then other ready events are handled. */
const PASS_MS = 2

interface Account {
  readonly caller: string
  readonly kind: TurnKind
  readonly waiting: (() => void)[]
  /** When its next turn is due. The caller that is due first runs next. */
  dueAt: number
  endedAt: number
}

export class ThreadTurns {
  private readonly accounts = new Map<string, Account>()
  private waitingCount = 0
  private isRunning = false
  /** Time of the turns in this pass of the event loop. */
  private passMs = 0
  private immediate: NodeJS.Immediate | undefined
  private timer: NodeJS.Timeout | undefined

  /**
   * Resolves when it is the caller's turn. Undefined: its turn has started. The turn lasts until
   * all promises that can settle at once have settled: until the work waits for something outside
   * this process. Requests of a caller do not wait for its own rows.
   */
  next(caller: string, kind: TurnKind = 'request'): Promise<void> | undefined {
    let hasStarted = false
    let start = (): void => {
      hasStarted = true
    }
    const account = this.accountOf(caller, kind)
    if (account.waiting.length === 0) account.dueAt = Math.max(account.dueAt, performance.now())
    account.waiting.push(() => start())
    this.waitingCount += 1
    this.startNext()
    if (hasStarted) return undefined
    return new Promise((resolve) => {
      start = resolve
    })
  }

  private accountOf(caller: string, kind: TurnKind): Account {
    const existing = this.accounts.get(`${kind} ${caller}`)
    if (existing) return existing
    const account = { caller, kind, waiting: [], dueAt: 0, endedAt: Number.NEGATIVE_INFINITY }
    this.accounts.set(`${kind} ${caller}`, account)
    return account
  }

  private startNext(): void {
    if (this.isRunning || this.immediate !== undefined || this.waitingCount === 0) return
    clearTimeout(this.timer)
    const now = performance.now()
    const account = this.firstDue(now)
    if (account === undefined) return
    const waitMs = account.dueAt - now - MAX_EARLY_MS
    if (waitMs <= 0 || !this.isOtherActive(account, now)) this.start(account, now)
    else this.timer = setTimeout(() => this.startNext(), Math.ceil(waitMs))
  }

  private firstDue(now: number): Account | undefined {
    let first: Account | undefined
    for (const account of this.accounts.values()) {
      if (account.waiting.length > 0) {
        if (first === undefined || account.dueAt < first.dueAt) first = account
      } else if (now - account.endedAt > ACTIVE_MS && now > account.dueAt)
        this.accounts.delete(`${account.kind} ${account.caller}`)
    }
    return first
  }

  private isOtherActive(account: Account, now: number): boolean {
    for (const other of this.accounts.values()) {
      if (other.caller !== account.caller && (other.waiting.length > 0 || now - other.endedAt <= ACTIVE_MS)) return true
    }
    return false
  }

  private start(account: Account, startedAt: number): void {
    this.isRunning = true
    this.waitingCount -= 1
    account.waiting.shift()?.()
    // Node runs this tick after all promises that can settle at once, but only if a microtask
    // scheduled it.
    queueMicrotask(() => process.nextTick(() => this.end(account, startedAt)))
  }

  private end(account: Account, startedAt: number): void {
    const endedAt = performance.now()
    const tookMs = endedAt - startedAt
    account.endedAt = endedAt
    account.dueAt = endedAt + CHARGE_FACTORS[account.kind] * tookMs
    this.isRunning = false
    this.passMs += tookMs
    if (this.passMs < PASS_MS) this.startNext()
    else this.immediate = setImmediate(() => this.startPass())
  }

  private startPass(): void {
    this.immediate = undefined
    this.passMs = 0
    this.startNext()
  }
}
