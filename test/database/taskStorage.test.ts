// The value of a task, while other tasks begin and end.
import { setImmediate as pass } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { TaskStorage } from '../../src/database/taskStorage.ts'

it('gives each task its own value, whichever tasks end meanwhile', async () => {
  const storage = new TaskStorage<string>()
  const seen: unknown[] = []
  const task = (name: string, passes: number): Promise<void> =>
    storage.run(name, async () => {
      for (let n = 0; n < passes; n += 1) {
        await pass()
        seen.push(storage.get() === name)
      }
    })
  await Promise.all([task('long', 6), task('short', 1), task('middle', 3)])
  await task('later', 2)
  expect(seen).toEqual(Array(12).fill(true))
  expect(storage.get()).toBeUndefined()
})

it('gives the value of the outer task again after an inner one, also if that fails', async () => {
  const storage = new TaskStorage<string>()
  const failing = (): never => {
    throw new Error('refused')
  }
  await storage.run('outer', async () => {
    expect(() => storage.run('inner', failing)).toThrow('refused')
    await expect(storage.run('inner', async () => failing())).rejects.toThrow('refused')
    expect(storage.run('inner', () => storage.get())).toBe('inner')
    await pass()
    expect(storage.get()).toBe('outer')
  })
})
