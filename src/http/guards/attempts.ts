// Attempts that cost a token only if they fail. Each takes a token before it starts, so that no
// more run at once than may fail. An attempt without a token waits while running attempts may still
// return theirs.
import type { TokenBucket } from 'limiter'

export interface Attempt {
  /**
   * Resolves to true once it has a token; to false if no token is left and no running attempt could
   * return one.
   */
  begin(): Promise<boolean>
  /** Ends the attempt and returns its token if it succeeded. Returns whether it had a token. */
  end(outcome: 'succeeded' | 'failed'): boolean
}

/** The attempts of one caller. */
export class Attempts {
  private readonly bucket: TokenBucket
  /** In order of arrival. */
  private readonly waiting: (() => void)[] = []
  private running = 0

  constructor(bucket: TokenBucket) {
    this.bucket = bucket
  }

  open(): Attempt {
    let hasToken = false
    let hasEnded = false
    return {
      begin: async () => {
        while (!hasEnded) {
          hasToken = this.bucket.tryRemoveTokens(1)
          if (!hasToken && this.running > 0) await this.wait()
          else break
        }
        if (hasToken) this.running += 1
        // The next one may find a token too. If it finds none and nothing runs, it must stop
        // waiting.
        this.wakeNext()
        if (hasEnded) throw new Error('The attempt has ended already.')
        return hasToken
      },
      end: (outcome) => {
        hasEnded = true
        if (!hasToken) return false
        this.running -= 1
        if (outcome === 'succeeded') this.bucket.content = Math.min(this.bucket.bucketSize, this.bucket.content + 1)
        this.wakeNext()
        return true
      },
    }
  }

  private wait(): Promise<void> {
    return new Promise((resolve) => void this.waiting.push(resolve))
  }

  private wakeNext(): void {
    this.waiting.shift()?.()
  }
}
