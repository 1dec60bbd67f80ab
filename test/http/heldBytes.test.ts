// What waits in memory for clients that do not read: bounded, at the cost of whoever has most of it.
import { expect, it } from 'vitest'
import { HeldBytes } from '../../src/http/heldBytes.ts'

/** Holds bytes in the name of callers, and notes who is cut. */
function holding(max: number) {
  const held = new HeldBytes(max)
  const cut: string[] = []
  const hold = (caller: string, name: string, bytes: number) => held.hold(caller, bytes, () => void cut.push(name))
  return { cut, hold }
}

it('cuts the oldest of the caller that has most, until the rest fits', () => {
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

it('counts nothing twice that is given back, or that was cut', () => {
  const { cut, hold } = holding(100)
  const releases = Array.from({ length: 4 }, (_, n) => hold('ada', `ada ${n}`, 25))
  for (const release of [...releases, ...releases]) release()
  hold('bob', 'bob 1', 100)
  expect(cut).toEqual([])
  hold('bob', 'bob 2', 100)
  expect(cut).toEqual(['bob 1'])
})
