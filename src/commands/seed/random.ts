// Reproducible pseudo-random numbers (mulberry32): the same seed gives the same sample data.

export interface Random {
  /** At least 0, less than 1. */
  next(): number
  /** An integer from `min` to `max`. */
  integer(min: number, max: number): number
  pick<Item>(items: readonly Item[]): Item
  /** A duration in milliseconds: usually near `typicalMs`, sometimes several times as long. */
  durationMs(typicalMs: number): number
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    integer,
    pick: (items) => items[integer(0, items.length - 1)] as (typeof items)[number],
    durationMs: (typicalMs) => Math.max(1, Math.round(typicalMs * (0.4 - Math.log(1 - next()) * 0.6))),
  }
}
