// The table of the page of statistics in Chromium, and the records that it counts.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Queryable } from '../../src/database/queryable.ts'

export type BucketSize = 'minute' | 'hour' | 'day'

/** The numbers of the records by bucket, as text: five counts and three durations. */
export async function numbersOfRecords(
  database: Queryable,
  size: BucketSize,
  condition = 'true',
): Promise<Map<string, string[]>> {
  const { rows } = await database.query<{ start: Date } & Record<string, string | null>>(`
    SELECT date_bin('1 ${size}', timestamp, '2000-01-01 00:00Z') AS start,
      count(*) FILTER (WHERE sequence = 1) AS created,
      count(*) FILTER (WHERE new_state = 'PROCESSING') AS started,
      count(*) FILTER (WHERE new_state = 'COMPLETED') AS completed,
      count(*) FILTER (WHERE new_state = 'FAILED') AS failed,
      count(*) FILTER (WHERE new_state = 'CANCELLED' AND previous_state IN ('PENDING', 'PROCESSING')) AS cancelled,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY previous_state_duration_ms) FILTER (WHERE new_state = 'PROCESSING') AS wait,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY previous_state_duration_ms)
        FILTER (WHERE previous_state = 'PROCESSING' AND new_state IN ('COMPLETED', 'FAILED')) AS median,
      percentile_disc(0.95) WITHIN GROUP (ORDER BY previous_state_duration_ms)
        FILTER (WHERE previous_state = 'PROCESSING' AND new_state IN ('COMPLETED', 'FAILED')) AS p95
    FROM job_states JOIN jobs ON jobs.id = job_id WHERE ${condition} GROUP BY start`)
  return new Map(rows.map(({ start, ...values }) => [start.toISOString(), Object.values(values).map(String)]))
}

interface TableRow {
  readonly start: string
  readonly counts: string[]
  /** In milliseconds. */
  readonly durations: string[]
}

async function tableRows(page: Page): Promise<TableRow[]> {
  return page.locator('.stats-table tbody tr').evaluateAll((rows) =>
    rows.map((row) => {
      const cells = [...row.querySelectorAll('td')]
      return {
        start: row.querySelector('time')?.dateTime ?? '',
        counts: cells.slice(0, 5).map((cell) => (cell.textContent ?? '').replaceAll(',', '')),
        durations: cells.slice(5).map((cell) => cell.title.replace(' ms', '')),
      }
    }),
  )
}

/** Of a bucket without records. */
export const NOTHING = ['0', '0', '0', '0', '0', 'null', 'null', 'null']

/** Expects in the table the counts of these records, their durations within 2 %, and the sums. */
export async function expectNumbers(page: Page, records: ReadonlyMap<string, string[]>): Promise<void> {
  const rows = await tableRows(page)
  const expected = (start: string) => records.get(start) ?? NOTHING
  expect(rows.map(({ start, counts }) => ({ start, counts }))).toEqual(
    rows.map(({ start }) => ({ start, counts: expected(start).slice(0, 5) })),
  )
  for (const { start, durations } of rows) {
    for (const [index, ms] of durations.entries()) {
      const exact = expected(start)[5 + index]
      if (exact === 'null') expect([start, ms]).toEqual([start, ''])
      else expect(Math.abs(Number(ms) - Number(exact))).toBeLessThanOrEqual(Number(exact) * 0.02 + 0.5)
    }
  }
  const sums = await page.locator('.stats-table tfoot td').allTextContents()
  const sumOf = (index: number) => rows.reduce((sum, { counts }) => sum + Number(counts[index]), 0)
  expect(sums.slice(0, 5).map((sum) => Number(sum.replaceAll(',', '')))).toEqual([0, 1, 2, 3, 4].map(sumOf))
}
