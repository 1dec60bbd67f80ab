// Queries that wait for memory: which one begins next, and which one is refused.
import { expect, it } from 'vitest'
import { MemoryBudget } from '../../src/http/memoryBudget.ts'

const MEBIBYTE = 1024 * 1024
const NEVER = new AbortController().signal

function open(limit: number) {
  const budget = new MemoryBudget(limit * MEBIBYTE)
  const events: string[] = []
  /** A request that holds memory; stopped or given up, it is noted by its name. */
  const hold = (name: string, mebibytes: number) => {
    const holding = budget.open(
      () => name.slice(0, 1),
      () => void events.push(`${name} given up`),
    )
    holding.onStop(() => void events.push(`${name} stopped`))
    holding.hold(mebibytes * MEBIBYTE)
    return holding
  }
  const wait = (name: string, mebibytes: number, signal = NEVER) => {
    const holding = hold(name, 0)
    void holding
      .reserve(mebibytes * MEBIBYTE, signal)
      .then((isReserved) => events.push(`${name} ${isReserved ? 'begins' : 'refused'}`))
    return holding
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { budget, events, hold, wait, settle }
}

it('stops the largest request of the caller that has most instead of giving it up', () => {
  const { events, hold } = open(100)
  for (const size of [30, 40]) hold('a', size)
  hold('b', 35)
  expect(events).toEqual(['a stopped'])
})

it('gives a request up when it can no longer begin again', () => {
  const { events, hold } = open(100)
  hold('a', 60).onStop(undefined)
  hold('b', 50)
  expect(events).toEqual(['a given up'])
})

it('reserves memory round-robin between callers as it becomes free', async () => {
  const { events, hold, wait, settle } = open(100)
  const first = hold('a', 60)
  const waiting = [wait('b1', 50), wait('b2', 50), wait('c1', 50)]
  await settle()
  expect(events).toEqual([])
  first.release()
  await settle()
  expect(events).toEqual(['b1 begins', 'c1 begins'])
  waiting[0]?.release()
  await settle()
  expect(events).toEqual(['b1 begins', 'c1 begins', 'b2 begins'])
})

it('does not stop a request within the memory that was reserved for it', async () => {
  const { events, hold, wait, settle } = open(100)
  const reserved = wait('a', 70)
  await settle()
  reserved.hold(70 * MEBIBYTE)
  hold('b', 35)
  expect(events).toEqual(['a begins', 'b stopped'])
})

it('stops a large request that has reserved nothing while others wait, and no small one', async () => {
  const { events, hold, wait, settle } = open(100)
  hold('a', 60)
  wait('b', 50)
  hold('c', 1)
  hold('d', 9)
  await settle()
  expect(events).toEqual(['d stopped'])
})

it('refuses the 21st request of a caller that would wait, and one whose time is over', async () => {
  const { events, hold, wait, settle } = open(100)
  hold('a', 60)
  for (let n = 0; n < 20; n += 1) wait('b', 50)
  wait('b21', 50)
  const over = new AbortController()
  wait('c', 50, over.signal)
  over.abort()
  await settle()
  expect(events.toSorted()).toEqual(['b21 refused', 'c refused'])
})

it('lets the next one begin when the first in line is no longer there', async () => {
  const { events, hold, wait, settle } = open(100)
  hold('a', 60)
  const over = new AbortController()
  wait('b', 60, over.signal)
  wait('c', 30)
  await settle()
  expect(events).toEqual([])
  over.abort()
  await settle()
  expect(events).toEqual(['c begins', 'b refused'])
})
