// Attempts that cost a token only if they fail. Each puts one down before it begins: however many come at once, no more are tried than
// may fail. Who finds no token waits while some may yet be given back.
import type { TokenBucket } from 'limiter'

export interface Attempt {
  /** True once a token is put down; false if there is none, and nobody left who could give one back. */
  begin(): Promise<boolean>
  /** Ends the attempt. Returns whether a token was put down, which is given back if it succeeded. */
  end(outcome: 'succeeded' | 'failed'): boolean
}

/** The attempts of one caller. */
export class Attempts {
  private readonly bucket: TokenBucket
  /** In the order in which they came; each is woken once. */
  private readonly waiting: (() => void)[] = []
  private begun = 0

  constructor(bucket: TokenBucket) {
    this.bucket = bucket
  }

  open(): Attempt {
    let hasBegun = false
    let isOver = false
    return {
      begin: async () => {
        while (!isOver) {
          hasBegun = this.bucket.tryRemoveTokens(1)
          if (!hasBegun && this.begun > 0) await this.turn()
          else break
        }
        if (hasBegun) this.begun += 1
        // There may be room for more, or else for none of those who wait.
        this.wakeNext()
        if (isOver) throw new Error('An attempt that was given up cannot begin.')
        return hasBegun
      },
      end: (outcome) => {
        isOver = true
        if (!hasBegun) return false
        this.begun -= 1
        if (outcome === 'succeeded') this.bucket.content = Math.min(this.bucket.bucketSize, this.bucket.content + 1)
        this.wakeNext()
        return true
      },
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve) => void this.waiting.push(resolve))
  }

  private wakeNext(): void {
    this.waiting.shift()?.()
  }
}
