// Numbers that look like chance and are the same for the same beginning (mulberry32), so that a seeded database can be told again.

export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number
  pick<Item>(items: readonly Item[]): Item
  /** A duration: most are near `typicalMs`, some several times as long. */
  durationMs(typicalMs: number): number
}

export function randomFrom(beginning: number): Random {
  let state = beginning >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    whole,
    pick: (items) => items[whole(0, items.length - 1)] as (typeof items)[number],
    durationMs: (typicalMs) => Math.max(1, Math.round(typicalMs * (0.4 - Math.log(1 - next()) * 0.6))),
  }
}
