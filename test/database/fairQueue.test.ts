// Who gets a place when more are requested than exist.
import { setMaxListeners } from 'node:events'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { abortableBy } from '../../src/database/abortable.ts'
import { FairQueue, type FairQueueLimits } from '../../src/database/fairQueue.ts'
import { DatabaseUnavailableError } from '../../src/database/retryableErrors.ts'

// Waiters that are left over must not time out later, during the tests of another file.
let end: AbortController
const asked: Promise<unknown>[] = []
beforeEach(() => {
  end = new AbortController()
  setMaxListeners(0, end.signal)
})
afterEach(async () => {
  end.abort()
  await Promise.allSettled(asked.splice(0))
})

/** Records the order in which waiters get their places. */
function open(limits: Partial<FairQueueLimits> = {}) {
  const queue = new FairQueue({ total: 4, perCaller: 4, perRequest: 4, waitMs: 60_000, ...limits })
  const started: string[] = []
  const places: (() => void)[] = []
  const ask = (caller: string, times = 1, request = queue.shareOf(caller), signal = end.signal) => {
    const waiters = Array.from({ length: times }, async () => {
      const leave = await request.enter(abortableBy(signal))
      started.push(caller)
      places.push(leave)
      return leave
    })
    asked.push(...waiters)
    return waiters
  }
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
  }
  const freeOne = async () => {
    places.shift()?.()
    await settle()
  }
  return { queue, started, ask, settle, freeOne }
}

it('gives callers places in turn, however many each requests', async () => {
  const { started, ask, settle, freeOne } = open({ total: 2 })
  ask('greedy', 10)
  await settle()
  ask('second', 2)
  ask('third', 2)
  for (let free = 0; free < 6; free += 1) await freeOne()
  expect(started).toEqual(['greedy', 'greedy', 'greedy', 'second', 'third', 'greedy', 'second', 'third'])
})

it('leaves places free for others when one caller has its maximum', async () => {
  const { started, ask, settle, freeOne } = open({ perCaller: 3 })
  ask('greedy', 10)
  await settle()
  expect(started).toEqual(['greedy', 'greedy', 'greedy'])
  ask('other')
  await settle()
  expect(started).toEqual(['greedy', 'greedy', 'greedy', 'other'])
  await freeOne()
  expect(started.at(-1)).toBe('greedy')
})

it('limits one request and lets another one of the same caller overtake it', async () => {
  const { queue, started, ask, settle, freeOne } = open({ perRequest: 1 })
  const large = queue.shareOf('a')
  const [first] = ask('a', 5, large)
  ask('a', 1)
  await settle()
  expect(started).toEqual(['a', 'a'])
  expect(await first).toBeTypeOf('function')
  for (let free = 0; free < 10; free += 1) await freeOne()
  expect(started).toHaveLength(6)
  expect(queue.isEmpty).toBe(true)
})

it('removes a cancelled waiter immediately', async () => {
  const { queue, started, ask, settle, freeOne } = open({ total: 1, perCaller: 1 })
  ask('a')
  const cancel = new AbortController()
  const [waiter] = ask('b', 1, queue.shareOf('b'), cancel.signal)
  const reason = new Error('given up')
  cancel.abort(reason)
  await expect(waiter).rejects.toBe(reason)
  ask('c')
  await settle()
  await freeOne()
  expect(started).toEqual(['a', 'c'])
  await freeOne()
  expect(queue.isEmpty).toBe(true)
})

it('refuses a request that had no place for its maximum wait', async () => {
  const { ask } = open({ total: 1, perCaller: 1, waitMs: 5 })
  await ask('a')[0]
  const waiters = ask('b', 2)
  const results = await Promise.allSettled(waiters)
  for (const result of results) expect(result).toMatchObject({ reason: expect.any(DatabaseUnavailableError) })
})

it('does not refuse statements that wait for others of the same request', async () => {
  const { queue, ask, freeOne } = open({ perRequest: 1, waitMs: 5 })
  const request = queue.shareOf('a')
  const [first, second] = ask('a', 2, request)
  await first
  await new Promise((resolve) => setTimeout(resolve, 30))
  await freeOne()
  await expect(second).resolves.toBeTypeOf('function')
})

it('counts a place that is released twice only once', async () => {
  const { started, ask, settle } = open({ total: 1, perCaller: 1 })
  const leave = await (ask('a')[0] as Promise<() => void>)
  ask('b', 2)
  leave()
  leave()
  await settle()
  expect(started).toEqual(['a', 'b'])
})
