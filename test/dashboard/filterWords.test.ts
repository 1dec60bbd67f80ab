// The filter of a bulk action: in words, and as the address of the list of the same jobs.
import { describe, expect, it } from 'vitest'
import type { JobFilter } from '../../dashboard/src/api/documents.generated.ts'
import { filterUrl, filterWords } from '../../dashboard/src/bulk/filterWords.ts'
import { readAddress, withStates } from '../../dashboard/src/jobs/listAddress.ts'

const FILTER: JobFilter = {
  userId: 'ada',
  ids: ['01a20000-0000-7000-8000-000000000000'],
  states: ['CANCELLED', 'FAILED'],
  excludeStates: ['PENDING'],
  presets: ['invoice-pdf', 'thumbnails'],
  excludePresets: ['heartbeat'],
  actor: 'key:worker-1',
  createdAfter: '2026-01-03T00:00:00.000Z',
  createdBefore: '2026-01-04T00:00:00.123Z',
  metadata: { source: 'web', tries: 3 },
  includeDeleted: true,
}

describe('the address of a filter', () => {
  it('lists the same jobs', () => {
    const url = new URL(filterUrl(FILTER) ?? '', 'http://localhost')
    const { filter, states, faults, notes } = readAddress(url.searchParams, 0)
    expect([faults, notes]).toEqual([{}, []])
    expect(withStates(filter, states)).toEqual({ ...FILTER, states: ['FAILED', 'CANCELLED'] })
    expect(filterUrl({ includeDeleted: false })).toBe('/ui/jobs')
  })

  it('does not exist if a list in an address cannot have it', () => {
    for (const filter of [{ presets: ['a,b'] }, { presets: [' a'] }, { states: [] }, { ids: [] }])
      expect([filter, filterUrl(filter)]).toEqual([filter, undefined])
  })
})

describe('a filter in words', () => {
  it('has each condition, and none for all jobs', () => {
    expect(filterWords({ includeDeleted: false })).toEqual([])
    const words = Object.fromEntries(filterWords(FILTER).map(({ label, text }) => [label, text]))
    expect(words).toMatchObject({
      State: 'Cancelled, Failed',
      User: 'ada',
      Preset: 'invoice-pdf, thumbnails',
      'Not preset': 'heartbeat',
      'Not state': 'Pending',
      'Last actor': 'key:worker-1',
      'Metadata contains': '{"source":"web","tries":3}',
      'Deleted jobs too': 'yes',
    })
    expect(words.Created).toMatch(/^from .+2026.+, before .+2026/)
  })
})
