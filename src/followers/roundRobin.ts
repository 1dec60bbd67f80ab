// A queue that serves callers in turn: whoever has put much into it delays itself, and others by one item each.

/** Items in the order of arrival within each caller, round-robin between callers. */
export class RoundRobin<Item> {
  size = 0
  private readonly byCaller = new Map<string, Item[]>()

  push(caller: string, item: Item): void {
    const items = this.byCaller.get(caller)
    if (items) items.push(item)
    else this.byCaller.set(caller, [item])
    this.size += 1
  }

  /** The next item of the first caller in line that `admits`, by default of the first. The caller then goes to the end of the line. */
  shift(admits: (caller: string) => boolean = () => true): { caller: string; item: Item } | undefined {
    for (const [caller, items] of this.byCaller) {
      if (!admits(caller)) continue
      const item = items.shift() as Item
      this.byCaller.delete(caller)
      if (items.length > 0) this.byCaller.set(caller, items)
      this.size -= 1
      return { caller, item }
    }
    return undefined
  }
}
