// Queries that wait for memory: which one starts next, and which one is refused.
import { setMaxListeners } from 'node:events'
import { expect, it, vi } from 'vitest'
import { MemoryBudget } from '../../src/http/memoryBudget.ts'

const MEBIBYTE = 1024 * 1024
const NEVER = new AbortController().signal
setMaxListeners(0, NEVER)

function open(limit: number) {
  const budget = new MemoryBudget(limit * MEBIBYTE)
  const events: string[] = []
  /** A request that holds memory. Records when it is stopped or aborted. */
  const hold = (name: string, mebibytes: number) => {
    const holding = budget.open(name.slice(0, 1), () => void events.push(`${name} aborted`))
    holding.onStop(() => void events.push(`${name} stopped`))
    holding.hold(mebibytes * MEBIBYTE)
    return holding
  }
  const wait = (name: string, mebibytes: number, signal = NEVER) => {
    const holding = hold(name, 0)
    void holding
      .reserve(mebibytes * MEBIBYTE, signal)
      .then((isReserved) => events.push(`${name} ${isReserved ? 'starts' : 'refused'}`))
    return holding
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { budget, events, hold, wait, settle }
}

it('stops the largest request of the caller that holds most instead of aborting it', () => {
  const { events, hold } = open(100)
  for (const size of [30, 40]) hold('a', size)
  hold('b', 35)
  expect(events).toEqual(['a stopped'])
})

it('aborts a request that can no longer be retried', () => {
  const { events, hold } = open(100)
  hold('a', 60).onStop(undefined)
  hold('b', 50)
  expect(events).toEqual(['a aborted'])
})

it('reserves memory round-robin between callers as it becomes free', async () => {
  const { events, hold, wait, settle } = open(100)
  const first = hold('a', 60)
  const waiting = [wait('b1', 50), wait('b2', 50), wait('c1', 50)]
  await settle()
  expect(events).toEqual([])
  first.release()
  await settle()
  expect(events).toEqual(['b1 starts', 'c1 starts'])
  waiting[0]?.release()
  await settle()
  expect(events).toEqual(['b1 starts', 'c1 starts', 'b2 starts'])
})

it('does not stop a request within its reserved memory', async () => {
  const { events, hold, wait, settle } = open(100)
  const reserved = wait('a', 70)
  await settle()
  reserved.hold(70 * MEBIBYTE)
  hold('b', 35)
  expect(events).toEqual(['a starts', 'b stopped'])
})

it('stops large requests without a reservation while others wait, but no small ones', async () => {
  const { events, hold, wait, settle } = open(100)
  hold('a', 60)
  wait('b', 50)
  hold('c', 1)
  hold('d', 9)
  await settle()
  expect(events).toEqual(['d stopped'])
})

it('refuses the 21st waiting request of a caller, and a waiting request that is aborted', async () => {
  const { events, hold, wait, settle } = open(100)
  hold('a', 60)
  for (let n = 0; n < 20; n += 1) wait('b', 50)
  wait('b21', 50)
  const abort = new AbortController()
  wait('c', 50, abort.signal)
  abort.abort()
  await settle()
  expect(events.toSorted()).toEqual(['b21 refused', 'c refused'])
})

it('starts the next request when the first in line is aborted', async () => {
  const { events, hold, wait, settle } = open(100)
  hold('a', 60)
  const abort = new AbortController()
  wait('b', 60, abort.signal)
  wait('c', 30)
  await settle()
  expect(events).toEqual([])
  abort.abort()
  await settle()
  expect(events).toEqual(['c starts', 'b refused'])
})

it('stops requests that have held memory for a long time when others wait for it', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  try {
    const { events, hold, wait, settle } = open(100)
    hold('a', 60).onStop(undefined)
    vi.advanceTimersByTime(6000)
    await settle()
    expect(events).toEqual([])
    wait('b', 50)
    hold('c', 5)
    vi.advanceTimersByTime(1000)
    await settle()
    expect(events).toEqual(['a aborted', 'b starts'])
  } finally {
    vi.useRealTimers()
  }
})
