// The counts of bulk actions: as they are shown, and as a person types them to confirm.
import { describe, expect, it } from 'vitest'
import { isCount, someOfText } from '../../dashboard/src/bulk/kinds.ts'

describe('a typed count', () => {
  it('confirms with its digits, or as it is shown', () => {
    for (const typed of ['1204', '1,204', ' 1204 ']) expect([typed, isCount(typed, 1204)]).toEqual([typed, true])
  })

  it('does not confirm with separators anywhere else, or as another number', () => {
    for (const typed of ['', '12,04', '1,2,0,4', '1204,', ',1204', '1.204', '1 204', '01204', '1204.0', '1205'])
      expect([typed, isCount(typed, 1204)]).toEqual([typed, false])
    expect(isCount('2,0', 20)).toBe(false)
  })
})

describe('the jobs that an action would change', () => {
  it('are named with those that match if some are refused', () => {
    expect([someOfText(2, 3), someOfText(1, 1), someOfText(1204, 5000)]).toEqual([
      '2 of 3 jobs',
      '1 job',
      '1,204 of 5,000 jobs',
    ])
  })
})
