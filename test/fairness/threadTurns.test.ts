// The order in which callers get the thread, by the length of their turns.
import { afterEach, expect, it, vi } from 'vitest'
import { ThreadTurns } from '../../src/fairness/threadTurns.ts'

afterEach(() => void vi.useRealTimers())

function work(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

/** Takes turns of a given length, and records their callers. */
function start() {
  const turns = new ThreadTurns()
  const had: string[] = []
  const take = async (caller: string, milliseconds = 0): Promise<void> => {
    await turns.next(caller)
    had.push(caller)
    // A turn includes promises that settle at once.
    await Promise.resolve()
    work(milliseconds)
  }
  return { had, take }
}

const pass = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('starts a turn at once when the thread is idle', async () => {
  const { had, take } = start()
  void take('a')
  await Promise.resolve()
  expect(had).toEqual(['a'])
})

it('runs one long turn in each pass of the event loop', async () => {
  const { had, take } = start()
  const all = Promise.all(['a', 'b', 'c'].map((caller) => take(caller, 5)))
  const seen: number[] = []
  while (had.length < 3) {
    await pass()
    seen.push(had.length)
  }
  await all
  expect([...new Set(seen)]).toEqual([1, 2, 3])
})

it('runs short turns of many callers in one pass', async () => {
  // By the clock none of the turns takes any time.
  vi.spyOn(performance, 'now').mockReturnValue(1000)
  const { had, take } = start()
  const callers = Array.from({ length: 10 }, (_, n) => String(n))
  for (const caller of callers) void take(caller)
  await pass()
  vi.restoreAllMocks()
  expect(had).toEqual(callers)
})

it('runs the first turn of a caller before the second turn of an earlier caller', async () => {
  const { had, take } = start()
  await Promise.all([take('a', 10), take('a', 10), take('a', 10), take('b'), take('c')])
  expect(had).toEqual(['a', 'b', 'c', 'a', 'a'])
})

it('serves others several times after a long turn, even if the thread is idle in between', async () => {
  const { had, take } = start()
  const first = take('a', 50)
  const second = take('a', 50)
  await first
  for (let n = 0; n < 5; n += 1) {
    await take('b')
    await pass()
  }
  expect(had).toEqual(['a', 'b', 'b', 'b', 'b', 'b'])
  await second
  expect(had.at(-1)).toBe('a')
})

it('does not delay a single caller', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  const { had, take } = start()
  await Promise.all([take('a', 50), take('a', 50), take('a', 50)])
  expect(had).toHaveLength(3)
})

it('lets the requests of a caller pass its own rows, which wait after a long turn', async () => {
  const turns = new ThreadTurns()
  const had: string[] = []
  const rows = async (name: string): Promise<void> => {
    await turns.next('a', 'rows')
    had.push(name)
    work(50)
  }
  await turns.next('b')
  await rows('a rows')
  const second = rows('a rows again')
  await turns.next('a')
  had.push('a request')
  await second
  expect(had).toEqual(['a rows', 'a request', 'a rows again'])
})
