// What the records of a job say together, and durations as text.
import { describe, expect, it } from 'vitest'
import { attemptsOf, lengthOf, metadataChanges, periodsOf } from '../../dashboard/src/job/history.ts'
import type { HistoryRecord } from '../../dashboard/src/job/job.ts'
import { exactDuration, roughDuration } from '../../dashboard/src/view/instants.ts'

const AT = Date.parse('2026-11-28T12:00:00.000Z')

function recordsOf(...steps: readonly [state: HistoryRecord['newState'], ms: number][]): HistoryRecord[] {
  return steps.map(([newState, ms], index) => ({
    sequence: index + 1,
    previousState: steps[index - 1]?.[0] ?? null,
    newState,
    timestamp: new Date(AT + ms).toISOString(),
    actor: `actor-${index}`,
    reason: null,
    error: null,
    metadata: {},
  }))
}

describe('the history of a job', () => {
  const history = recordsOf(['PENDING', 0], ['PROCESSING', 1500], ['PENDING', 4000], ['PROCESSING', 4001])

  it('has the exact length of every state, of the last one until now', () => {
    expect(periodsOf(history).map((period) => lengthOf(period, AT + 5000))).toEqual([1500, 2500, 1, 999])
  })

  it('has an attempt for each time that a worker started, with how it ended', () => {
    expect(attemptsOf(history).map(({ number, worker, end }) => [number, worker, end?.sequence])).toEqual([
      [1, 'actor-1', 3],
      [2, 'actor-3', undefined],
    ])
  })

  it('shows which keys of the metadata were added, removed and changed', () => {
    const before = { same: { a: [1] }, gone: 1, changed: 'x' }
    expect(metadataChanges(before, { same: { a: [1] }, changed: 'y', added: null })).toEqual([
      { key: 'added', before: undefined, after: 'null' },
      { key: 'changed', before: '"x"', after: '"y"' },
      { key: 'gone', before: '1', after: undefined },
    ])
    expect(metadataChanges(undefined, { constructor: 1 })).toEqual([
      { key: 'constructor', before: undefined, after: '1' },
    ])
  })
})

describe('a duration', () => {
  it('is rough in lists and exact in histories', () => {
    const texts = [0, 999, 1000, 9999, 10_000, 61_234, 3_600_000, 90_061_001].map((ms) => [
      roughDuration(ms),
      exactDuration(ms),
    ])
    expect(texts).toEqual([
      ['0 ms', '0 ms'],
      ['999 ms', '999 ms'],
      ['1.0 s', '1.000 s'],
      ['9.9 s', '9.999 s'],
      ['10 s', '10.000 s'],
      ['1 min 1 s', '1 min 1.234 s'],
      ['1 h', '1 h'],
      ['1 d 1 h', '1 d 1 h 1 min 1.001 s'],
    ])
  })
})
