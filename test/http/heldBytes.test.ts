// Limits the data held for clients that do not read, at the cost of the caller that holds most.
import { expect, it } from 'vitest'
import { HeldBytes } from '../../src/http/heldBytes.ts'

/** Holds bytes for callers, and records which ones are cut. */
function holding(max: number) {
  const held = new HeldBytes(max)
  const cut: string[] = []
  const hold = (caller: string, name: string, bytes: number) => held.hold(caller, bytes, () => void cut.push(name))
  return { cut, hold }
}

it('cuts the oldest streams of the caller that holds most until the rest fits', () => {
  const { cut, hold } = holding(100)
  hold('ada', 'ada 1', 40)
  hold('flood', 'flood 1', 30)
  hold('flood', 'flood 2', 30)
  expect(cut).toEqual([])
  hold('ada', 'ada 2', 10)
  expect(cut).toEqual(['flood 1'])
  hold('bob', 'bob 1', 80)
  expect(cut).toEqual(['flood 1', 'bob 1'])
})

it('releases bytes only once, also after a cut', () => {
  const { cut, hold } = holding(100)
  const releases = Array.from({ length: 4 }, (_, n) => hold('ada', `ada ${n}`, 25))
  for (const release of [...releases, ...releases]) release()
  hold('bob', 'bob 1', 100)
  expect(cut).toEqual([])
  hold('bob', 'bob 2', 100)
  expect(cut).toEqual(['bob 1'])
})
