// When the dashboard asks again for what no stream reports.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Polled } from '../../dashboard/src/api/polled.ts'

const PAUSE_MS = 5000

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', { visibilityState: 'visible' })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A state whose answers arrive when the test says so. */
function controlled() {
  const answers: ((state: string) => void)[] = []
  const polled = new Polled(() => new Promise<string>((resolve) => answers.push(resolve)))
  return { polled, answers }
}

it('keeps one rhythm and shows the latest answer when it is loaded twice at once', async () => {
  const { polled, answers } = controlled()
  const loads = [polled.load(), polled.load()]
  answers[1]?.('second')
  answers[0]?.('first')
  await Promise.all(loads)
  expect(polled.state.value).toBe('second')
  await vi.advanceTimersByTimeAsync(PAUSE_MS)
  expect(answers).toHaveLength(3)
  polled.stop()
})

it('sends no request after it is stopped, and ignores a late response', async () => {
  const { polled, answers } = controlled()
  const load = polled.load()
  polled.stop()
  answers[0]?.('late')
  await load
  await vi.advanceTimersByTimeAsync(10 * PAUSE_MS)
  expect([polled.state.value, answers.length]).toEqual([undefined, 1])
})
