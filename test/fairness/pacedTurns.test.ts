// The order of turns that block the thread for long.
import { setImmediate as nextPass } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { PacedTurns } from '../../src/fairness/pacedTurns.ts'

/** Turns on a clock that only work advances, and a record of the work. */
function open() {
  let now = 0
  const done: string[] = []
  const turns = new PacedTurns(() => now)
  return {
    done,
    pass: (ms: number) => {
      now += ms
    },
    work: async (caller: string, ms: number) => {
      await turns.next(caller)
      now += ms
      done.push(caller)
    },
  }
}

/** Resolves when all work that need not wait is done. */
async function settled(): Promise<void> {
  for (let passes = 0; passes < 50; passes += 1) await nextPass()
}

it('serves callers in turn, however many turns each requests', async () => {
  const { done, work, pass } = open()
  for (let n = 0; n < 4; n += 1) void work('many', 100)
  void work('few', 100)
  void work('other', 100)
  await settled()
  pass(10_000)
  await expect.poll(() => done.length).toBe(4)
  expect(done).toEqual(['many', 'few', 'other', 'many'])
})

it('serves others while a caller pauses for the length of its turn', async () => {
  const { done, work, pass } = open()
  for (let n = 0; n < 3; n += 1) void work('long', 100)
  await settled()
  // One after the other, so that never two of them wait.
  for (let n = 0; n < 5; n += 1) await work('short', 0)
  expect(done).toEqual(['long', ...Array.from({ length: 5 }, () => 'short')])
  await settled()
  pass(100)
  await expect.poll(() => done.length).toBe(7)
  expect(done[6]).toBe('long')
})

it('leaves half of the time to others, however many callers have long turns', async () => {
  const { done, work, pass } = open()
  for (const caller of ['a', 'b', 'a', 'b']) void work(caller, 100)
  await settled()
  // The turn of the second caller does not shorten the pause of the first.
  pass(99)
  await work('short', 0)
  await settled()
  pass(1)
  await expect.poll(() => done).toEqual(['a', 'b', 'short', 'a'])
  await settled()
  pass(99)
  await work('short', 0)
  await settled()
  pass(1)
  await expect.poll(() => done).toEqual(['a', 'b', 'short', 'a', 'short', 'b'])
})
