// A queue that serves callers in turn. A caller with many items delays mainly itself, and each
// other caller by one item.

/**
 * Items in order of arrival within each caller, round-robin between callers. Adding an item twice
 * has no effect.
 */
export class RoundRobin<Item> {
  size = 0
  private readonly byCaller = new Map<string, Set<Item>>()

  push(caller: string, item: Item): void {
    const items = this.byCaller.get(caller)
    if (items?.has(item)) return
    if (items) items.add(item)
    else this.byCaller.set(caller, new Set([item]))
    this.size += 1
  }

  /** The item that `shift` would return. */
  peek(): Item | undefined {
    for (const items of this.byCaller.values()) for (const item of items) return item
    return undefined
  }

  /** Removes an item without serving it. */
  remove(caller: string, item: Item): void {
    const items = this.byCaller.get(caller)
    if (!items?.delete(item)) return
    if (items.size === 0) this.byCaller.delete(caller)
    this.size -= 1
  }

  /**
   * Removes and returns the first item that matches both conditions: callers in order of their
   * turns, then items in order of arrival. Its caller then moves to the end of the line. Without
   * conditions, this is the first item of all.
   */
  shift(
    admitsCaller: (caller: string) => boolean = () => true,
    admitsItem: (item: Item) => boolean = () => true,
  ): { caller: string; item: Item } | undefined {
    for (const [caller, items] of this.byCaller) {
      if (!admitsCaller(caller)) continue
      for (const item of items) {
        if (!admitsItem(item)) continue
        items.delete(item)
        this.byCaller.delete(caller)
        if (items.size > 0) this.byCaller.set(caller, items)
        this.size -= 1
        return { caller, item }
      }
    }
    return undefined
  }
}
