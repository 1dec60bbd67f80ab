// A queue that serves callers in turn: a caller that has put much into it delays itself, and others by one item each.

/** Items in the order of arrival within each caller, round-robin between callers. An item is in it once at most. */
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

  /** What `shift` would take. */
  peek(): Item | undefined {
    for (const items of this.byCaller.values()) for (const item of items) return item
    return undefined
  }

  /** Takes an item out that is not to be served any more. */
  remove(caller: string, item: Item): void {
    const items = this.byCaller.get(caller)
    if (!items?.delete(item)) return
    if (items.size === 0) this.byCaller.delete(caller)
    this.size -= 1
  }

  /**
   * The first item that `admitsItem` of the first caller in line that `admitsCaller` and has one, by default the first of all. Its caller then
   * goes to the end of the line.
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
