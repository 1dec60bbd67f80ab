// What the tables say of themselves.
import { describe, expect, it } from 'vitest'
import { caveats } from '../../bench/report.ts'

describe('rounds', () => {
  it.each([
    [5, 1, 0],
    [4, 1, 1],
    [5, 0.9, 1],
  ])('%d of %d s have so many caveats: %d', (rounds, seconds, expected) => {
    expect(caveats({ rounds, seconds })).toHaveLength(expected)
  })
})
