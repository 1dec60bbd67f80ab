// Which time the page of statistics shows, what it calls it, and which jobs are behind a bucket.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countTick, durationTick, roundCount, roundDuration } from '../../dashboard/src/statistics/axes.ts'
import { jobsUrls } from '../../dashboard/src/statistics/jobsUrls.ts'
import { BUCKET_MS, neighbours, rangeParameters, readRange } from '../../dashboard/src/statistics/range.ts'
import { COUNT_ROWS, DURATION_ROWS, type StatsRow } from '../../dashboard/src/statistics/series.ts'
import { readStatisticsFilter, statisticsNotes } from '../../dashboard/src/statistics/statisticsFilter.ts'
import { MAX_BUCKETS } from '../../src/ledger/jobStats.ts'

const NOW = Date.parse('2026-11-28T12:34:56.789Z')
const HOUR = 3_600_000

const read = (query: string) => readRange(new URLSearchParams(query), NOW)

const iso = ({ from, to }: { from: number; to: number }) => [from, to].map((ms) => new Date(ms).toISOString())

describe('the time that is shown', () => {
  it('is the last 24 hours by hour, in complete buckets, unless the address says otherwise', () => {
    const range = read('')
    expect(iso(range)).toEqual(['2026-11-27T12:00:00.000Z', '2026-11-28T13:00:00.000Z'])
    expect(range).toMatchObject({ size: 'HOUR', isSizeChosen: false, isCurrent: true, faults: {} })
  })

  it.each([
    ['from=-1h', 'MINUTE'],
    ['from=-3h', 'MINUTE'],
    ['from=-24h', 'HOUR'],
    ['from=-7d', 'HOUR'],
    ['from=-30d', 'DAY'],
    ['from=2026-01-01T00:00Z&to=2026-01-01T00:01Z', 'MINUTE'],
  ])('has a bucket of a fitting size for %s: %s', (query, size) => {
    expect(read(query).size).toBe(size)
  })

  it('has the chosen bucket if there are not too many of it, and says so otherwise', () => {
    expect(read('bucket=minute')).toMatchObject({ size: 'MINUTE', isSizeChosen: true, faults: {} })
    expect(read('from=-30d&bucket=minute')).toMatchObject({
      size: 'DAY',
      isSizeChosen: false,
      faults: { bucket: 'By minute there would be 43201 buckets; at most 1500 are shown.' },
    })
  })

  it('says what it cannot read, and shows the last 24 hours', () => {
    for (const [query, parameter, fault] of [
      ['from=yesterday', 'from', '"from" must be an instant, or relative such as -24h (got "yesterday").'],
      ['to=later', 'to', '"to" must be an instant, or relative such as -24h (got "later").'],
      ['to=0000-01-01T00:00Z', 'to', '"to" must be from 0001-01-02 to 9999-12-30 (got "0000-01-01T00:00Z").'],
      ['from=-1h&to=-1h', 'from', 'The start must be earlier than the end.'],
      ['from=2000-01-01T00:00Z', 'from', 'The start must be at most 1500 days before the end.'],
    ] as const) {
      const { from, to, faults } = read(query)
      expect(faults).toEqual({ [parameter]: fault })
      expect(to - from).toBe(25 * HOUR)
    }
  })

  it('names parts of the address that have no effect', () => {
    const query = 'from=-7d&to=-1d&bucket=hour&view=table&userId=ada&state=FAILED&state=PENDING'
    expect(statisticsNotes(new URLSearchParams(query))).toEqual([])
    expect(statisticsNotes(new URLSearchParams('bucket=week&view=map&includeDeleted=true&from=-1d&from=-2d'))).toEqual([
      'Ignored bucket "week": it must be one of minute, hour, day.',
      'Ignored view "map": it must be one of table.',
      'Ignored "includeDeleted" in the address: this page has no such parameter.',
      'Ignored all but the first from in the address.',
    ])
  })

  it('never has more buckets than the API returns, and always at least one', () => {
    const text = fc.oneof(
      fc.integer({ min: 0, max: 40_000 }).map((hours) => `-${hours}h`),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    )
    fc.assert(
      fc.property(text, fc.option(text), fc.constantFrom('', 'minute', 'hour', 'day'), (from, to, bucket) => {
        const range = read(new URLSearchParams({ from, bucket, ...(to && { to }) }).toString())
        const buckets = (range.to - range.from) / BUCKET_MS[range.size]
        expect(Number.isInteger(buckets) && buckets >= 1 && buckets <= MAX_BUCKETS).toBe(true)
        expect(Number.isInteger(range.from / BUCKET_MS[range.size])).toBe(true)
        for (const span of Object.values(neighbours(range, NOW))) if (span) rangeParameters(span, NOW)
      }),
    )
  })

  it('has ranges beside it and around it, which stay open at the end if it ends now', () => {
    const past = neighbours(read('from=2026-11-01T00:00Z&to=2026-11-03T00:00Z'), NOW)
    expect(rangeParameters(past.earlier, NOW)).toEqual({ from: '2026-10-30T00:00Z', to: '2026-11-01T00:00Z' })
    expect(past.later && rangeParameters(past.later, NOW)).toEqual({
      from: '2026-11-03T00:00Z',
      to: '2026-11-05T00:00Z',
    })
    expect(past.wider && rangeParameters(past.wider, NOW)).toEqual({
      from: '2026-10-31T00:00Z',
      to: '2026-11-04T00:00Z',
    })
    const current = neighbours(read(''), NOW)
    expect(current.later).toBeUndefined()
    expect(current.wider && rangeParameters(current.wider, NOW)).toEqual({ from: '2026-11-26T11:00Z', to: null })
    expect(neighbours(read('from=-1000d'), NOW).wider).toBeUndefined()
  })
})

describe('the jobs behind a bucket', () => {
  const [from, to] = [Date.parse('2026-11-27T14:00:00Z'), Date.parse('2026-11-27T15:00:00Z')]
  const url = (row: StatsRow | undefined, query = '') => {
    const parameters = new URLSearchParams(query)
    const { filter } = readStatisticsFilter(parameters, NOW)
    return jobsUrls(row as StatsRow, { query: parameters, filter })({ from, to })
      .replace('/ui/jobs?', '')
      .split('&')
  }
  const within = (time: string) => [`${time}After=2026-11-27T14:00:00.000Z`, `${time}Before=2026-11-27T15:00:00.000Z`]

  it('have the time of the row in the bucket, from its start and before its end', () => {
    expect([...COUNT_ROWS, ...DURATION_ROWS].map((row) => url(row))).toEqual([
      ['includeDeleted=true', ...within('created')],
      ['includeDeleted=true', ...within('started')],
      ['state=COMPLETED', ...within('completed')],
      ['state=FAILED', ...within('completed')],
      ['state=CANCELLED', ...within('completed')],
      ['includeDeleted=true', ...within('started')],
      ['state=COMPLETED', 'state=FAILED', ...within('completed')],
    ])
  })

  it('match the filters of the page, without its own parameters', () => {
    const query = 'from=-7d&to=-1d&bucket=hour&view=table&userId=ada&presets=a,b&updatedAfter=-7d'
    const filters = ['userId=ada', 'presets=a,b', 'updatedAfter=-7d']
    expect(url(COUNT_ROWS[2], query)).toEqual([...filters, 'state=COMPLETED', ...within('completed')])
  })

  it('are within the times and states of the filters, too', () => {
    const query =
      'completedAfter=2026-11-27T14:30:00Z&completedBefore=2026-12-01T00:00:00Z&state=FAILED&state=COMPLETED'
    expect(url(COUNT_ROWS[3], query)).toEqual([
      'state=FAILED',
      'completedAfter=2026-11-27T14:30:00.000Z',
      'completedBefore=2026-11-27T15:00:00.000Z',
    ])
    expect(url(COUNT_ROWS[3], 'state=CANCELLED')).toEqual(['state=CANCELLED', ...within('completed')])
  })
})

describe('the upper end of an axis', () => {
  it('is a round integer that is at least the highest count, and less than twice as much', () => {
    expect([0, 1, 7, 9, 11, 21, 99, 1001].map(roundCount)).toEqual([1, 1, 8, 10, 20, 30, 100, 2000])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (count) => {
        const top = roundCount(count)
        expect(Number.isInteger(top) && top >= count && top <= 2 * count).toBe(true)
      }),
    )
  })

  it('is short as text', () => {
    expect([0, 800, 3000, 50_000, 100_000, 4_000_000].map(countTick)).toEqual([
      '0',
      '800',
      '3,000',
      '50K',
      '100K',
      '4M',
    ])
    const durations = [0, 800, 4000, 90 * 60_000, 2 * 86_400_000].map(durationTick)
    expect(durations).toEqual(['0', '800 ms', '4 s', '1 h 30 min', '2 d'])
  })

  it('is a round duration that is at least the longest one', () => {
    const ends = [1, 700, 1001, 9500, 61_000, 1_700_000, 5_000_000, 90_000_000].map(roundDuration)
    expect(ends).toEqual([1, 800, 2000, 10_000, 120_000, 1_800_000, 7_200_000, 172_800_000])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (ms) => {
        const top = roundDuration(ms)
        expect(Number.isInteger(top) && top >= ms && top <= 2 * ms).toBe(true)
      }),
    )
  })
})
