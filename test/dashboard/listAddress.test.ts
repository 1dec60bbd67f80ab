// The address of the list of jobs: what it means, and that it survives changes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterCount, JOB_FIELDS, parametersOf } from '../../dashboard/src/filters/fields.ts'
import {
  listUrl,
  ORDERS,
  orderParameter,
  pageVariables,
  readAddress,
  withoutFilters,
} from '../../dashboard/src/jobs/listAddress.ts'

const NOW = Date.parse('2026-11-28T12:00:00.000Z')

const read = (query: string) => readAddress(new URLSearchParams(query), NOW)

/** The query of a URL. */
const queryOf = (url: string) => new URLSearchParams(url.split('?')[1] ?? '')

describe('the address of the list', () => {
  it('without parameters asks for the newest jobs, as many as a page has', () => {
    expect(pageVariables(read(''), 50)).toEqual({
      filter: {},
      orderBy: { field: 'CREATED_AT', direction: 'DESC' },
      first: 50,
      after: null,
      last: null,
      before: null,
    })
  })

  it('has each field of the filter as a parameter', () => {
    const { filter, states, faults } = read(
      'userId=ada&presets=a,%20b&metadata={"deep":{"n":1}}&createdAfter=2026-11-01T00:00:00Z&completedBefore=-24h' +
        '&includeDeleted=true&state=FAILED&state=CANCELLED&actor=key:w&excludePresets=c&excludeStates=pending,failed&updatedAfter=-1h&ids=x,y',
    )
    expect(filter).toEqual({
      userId: 'ada',
      presets: ['a', 'b'],
      metadata: { deep: { n: 1 } },
      createdAfter: '2026-11-01T00:00:00.000Z',
      completedBefore: '2026-11-27T12:00:00.000Z',
      actor: 'key:w',
      excludePresets: ['c'],
      excludeStates: ['PENDING', 'FAILED'],
      updatedAfter: '2026-11-28T11:00:00.000Z',
      ids: ['x', 'y'],
      includeDeleted: true,
    })
    expect(states).toEqual(['FAILED', 'CANCELLED'])
    expect(faults).toEqual({})
  })

  it('reads relative instants in minutes, hours and days', () => {
    const instants = ['-5m', '-2h', '-7d'].map((text) => read(`createdAfter=${text}`).filter.createdAfter)
    expect(instants).toEqual(['2026-11-28T11:55:00.000Z', '2026-11-28T10:00:00.000Z', '2026-11-21T12:00:00.000Z'])
  })

  it('reads metadata as pairs, whose values are JSON if they can be', () => {
    expect(read('metadata=source=web, tries=3, dry=true').filter.metadata).toEqual({
      source: 'web',
      tries: 3,
      dry: true,
    })
  })

  it('names each value that it cannot read, and leaves it out', () => {
    const { filter, faults } = read(
      'excludeStates=PENDING,lost&metadata={&createdAfter=yesterday&includeDeleted=yes&state=LOST&order=size',
    )
    expect(filter).toEqual({})
    expect(faults).toEqual({
      excludeStates: 'must be states of PENDING, PROCESSING, COMPLETED, FAILED, CANCELLED (got "PENDING,lost").',
      metadata: 'must be a JSON object, or pairs such as source=web (got "{").',
      createdAfter: 'must be an instant, or relative such as -24h (got "yesterday").',
      includeDeleted: 'must be true (got "yes").',
    })
  })

  it('names each parameter that has no effect, whatever its name', () => {
    const { notes } = read('userId=a&userId=b&state=FAILED&state=CANCELLED&state=LOST&order=size&__proto__=1')
    expect(notes).toEqual([
      'Ignored all but the first userId in the address.',
      'Ignored state "LOST": it must be one of PENDING, PROCESSING, COMPLETED, FAILED, CANCELLED.',
      expect.stringMatching(/^Ignored order "size": it must be one of created_at\.desc, created_at\.asc, /),
      'Ignored "__proto__" in the address: this page has no such parameter.',
    ])
  })

  it('reads only instants in ISO 8601, with a plus sign that the address has made a space', () => {
    expect(read('createdAfter=2026-11-01T00:00:00+01:00').filter.createdAfter).toBe('2026-10-31T23:00:00.000Z')
    for (const text of ['5', 'Nov 1', '2026', '2026-13-01', '1e9']) {
      const { filter, faults } = read(`createdAfter=${text}`)
      expect([text, filter, Object.keys(faults)]).toEqual([text, {}, ['createdAfter']])
    }
  })

  it('keeps all digits of numbers in metadata', () => {
    for (const query of ['metadata={"n":12345678901234567890}', 'metadata=n=12345678901234567890']) {
      const { metadata } = read(query).filter
      // Older versions of Node cannot keep them.
      if ('rawJSON' in JSON) expect(JSON.stringify(metadata)).toBe('{"n":12345678901234567890}')
    }
  })

  it('has the same meaning after it is read and written for any values', () => {
    const parameter = fc.constantFrom(...JOB_FIELDS.flatMap(parametersOf), 'state', 'order', 'extra')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(parameter, fc.string({ unit: 'grapheme', maxLength: 10 })), { maxLength: 8 }),
        (pairs) => {
          const query = new URLSearchParams(pairs)
          expect(readAddress(queryOf(listUrl(query)), NOW)).toEqual(readAddress(new URLSearchParams(query), NOW))
        },
      ),
    )
  })

  it('starts at the first page when a filter changes', () => {
    expect(listUrl(new URLSearchParams('userId=ada&after=abc'), { presets: 'a,b' })).toBe(
      '/ui/jobs?userId=ada&presets=a,b',
    )
  })

  it('counts filters, not parameters, and removes all of them but the order', () => {
    const query = new URLSearchParams('createdAfter=-7d&createdBefore=-1d&userId=ada&state=FAILED&order=created_at.asc')
    expect(filterCount(JOB_FIELDS, query)).toBe(2)
    expect(withoutFilters(query)).toBe('/ui/jobs?order=created_at.asc')
    expect(withoutFilters(new URLSearchParams('order=created_at.asc'))).toBeUndefined()
  })

  it('reads back each order that it writes', () => {
    for (const order of ORDERS) expect(read(`order=${orderParameter(order) ?? ''}`).order).toBe(order)
  })
})
