// The caveats of the tables.
import { describe, expect, it } from 'vitest'
import { caveats } from '../../bench/report.ts'

describe('rounds', () => {
  it.each([
    [5, 1, 0],
    [4, 1, 1],
    [5, 0.9, 1],
  ])('%d of %d s have %d caveats', (rounds, seconds, expected) => {
    expect(caveats({ rounds, seconds })).toHaveLength(expected)
  })
})
