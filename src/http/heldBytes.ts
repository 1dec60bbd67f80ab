// Limits the data that this process holds for clients that do not read it.

interface Holder {
  readonly bytes: number
  cut(): void
}

export class HeldBytes {
  private total = 0
  private readonly max: number
  private readonly byCaller = new Map<string, { bytes: number; holders: Set<Holder> }>()

  constructor(max: number) {
    this.max = max
  }

  /**
   * Counts `bytes` for `caller` until the returned function is called. While the total exceeds the
   * maximum, calls `cut` of the oldest entry of the caller that holds most.
   */
  hold(caller: string, bytes: number, cut: () => void): () => void {
    const holder: Holder = { bytes, cut }
    const own = this.byCaller.get(caller) ?? { bytes: 0, holders: new Set() }
    this.byCaller.set(caller, own)
    own.holders.add(holder)
    own.bytes += bytes
    this.total += bytes
    while (this.total > this.max) this.cutOldest()
    return () => this.release(caller, holder)
  }

  private cutOldest(): void {
    let largest: [string, { bytes: number; holders: Set<Holder> }] | undefined
    for (const entry of this.byCaller) if (largest === undefined || entry[1].bytes > largest[1].bytes) largest = entry
    if (largest === undefined) return
    const [caller, { holders }] = largest
    const [oldest] = holders
    if (oldest === undefined) return
    this.release(caller, oldest)
    oldest.cut()
  }

  private release(caller: string, holder: Holder): void {
    const own = this.byCaller.get(caller)
    if (!own?.holders.delete(holder)) return
    own.bytes -= holder.bytes
    this.total -= holder.bytes
    if (own.holders.size === 0) this.byCaller.delete(caller)
  }
}
