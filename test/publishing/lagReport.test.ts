// The log of a publisher that is behind.
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { createConsumer, moveCheckpoint } from '../../src/ledger/consumers.ts'
import { BEGINNING } from '../../src/ledger/eventOrder.ts'
import { headPosition } from '../../src/ledger/events.ts'
import { LagReport } from '../../src/publishing/lagReport.ts'
import { jobCreatedAt, openTestLedger, type TestLedger } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'

const MINUTE_MS = 60_000

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})

afterEach(() => {
  vi.useRealTimers()
})

afterAll(() => ledger.close())

it('logs its lag once a minute, and when it has caught up', async () => {
  await jobCreatedAt(ledger, new Date(Date.now() - 30_000), 'PROCESSING')
  await createConsumer(ledger, 'late', BEGINNING)
  vi.useFakeTimers({ toFake: ['performance'] })
  const lines: unknown[] = []
  const write = (level: string) => (facts: object, message: string) => void lines.push({ level, ...facts, message })
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const report = new LagReport(ledger, 'late', log)
  await report.reportIfDue()
  expect(lines).toEqual([])
  vi.advanceTimersByTime(MINUTE_MS)
  await report.reportIfDue()
  await report.reportIfDue()
  expect(lines).toEqual([
    {
      level: 'warn',
      consumer: 'late',
      lagRecords: 2,
      lagSeconds: expect.any(Number),
      message: 'publisher is lagging',
    },
  ])
  expect((lines[0] as { lagSeconds: number }).lagSeconds).toBeGreaterThanOrEqual(30)
  await passedHorizon(ledger)
  expect(await moveCheckpoint(ledger, 'late', BEGINNING, await headPosition(ledger))).toBe(true)
  for (let times = 0; times < 2; times++) {
    vi.advanceTimersByTime(MINUTE_MS)
    await report.reportIfDue()
  }
  expect(lines.slice(1)).toEqual([
    { level: 'info', consumer: 'late', lagRecords: 0, lagSeconds: 0, message: 'publisher has caught up' },
  ])
})
