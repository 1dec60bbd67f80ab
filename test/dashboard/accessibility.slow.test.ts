// Every page, in light and dark and at two widths: no fault of accessibility, nothing wider than
// the screen.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { previewBulkAction } from '../../src/ledger/previewBulkAction.ts'
import { startBulkAction } from '../../src/ledger/startBulkAction.ts'
import { accessibilityFaults } from '../support/axe.ts'
import { itInChromium } from '../support/chromium.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server)
})

afterAll(() => dashboard?.close())

/** A job that failed twice, with refused attempts. */
async function sampleJobPath(): Promise<string> {
  const { pool } = (dashboard as TestDashboard).server.database
  const sql = 'SELECT id FROM jobs WHERE deleted_at IS NULL AND state = $1 AND attempt = 2 ORDER BY id LIMIT 1'
  const { rows } = await pool.query<{ id: string }>(sql, ['FAILED'])
  const insert = `INSERT INTO jobledger.refusals (job_id, kind, actor, timestamp, attempted, message, times)
    SELECT $1, 'LATE_COMPLETION', repeat('key:worker-', 9), now(), 'COMPLETED', repeat('It was late. ', 30), 30
    FROM generate_series(1, 3)`
  await pool.query(insert, [rows[0]?.id])
  return `/jobs/${rows[0]?.id}`
}

/** An action that refuses jobs for several reasons. */
async function bulkActionPath(): Promise<string> {
  const { ledger } = (dashboard as TestDashboard).server
  const input = {
    action: 'RETRY',
    filter: { userId: 'ada' },
    reason: 'try again '.repeat(30),
    actor: 'user:dev',
  } as const
  const { matched: expectedCount } = await previewBulkAction(ledger, input)
  const { bulkAction } = await startBulkAction(ledger, { ...input, expectedCount, idempotencyKey: 'axe' })
  return `/bulk/${bulkAction.id}`
}

const PAGES = [
  { name: 'the list of jobs', path: '/jobs', ready: 'table.jobs[aria-busy="false"] .content' },
  {
    name: 'a list without jobs',
    path: '/jobs?userId=no-one&metadata={&createdAfter=2026-01-01&user=ada',
    ready: '.empty',
  },
  { name: 'a job', path: sampleJobPath, ready: '.refusals' },
  { name: 'a job that does not exist', path: '/jobs/01a20000-0000-7000-8000-000000000000', ready: '.empty' },
  { name: 'activity', path: '/records', ready: '.record-rows[aria-busy="false"] .content' },
  { name: 'activity without records', path: '/records?userId=no-one&newStates=LOST', ready: '.empty' },
  { name: 'an actor', path: '/actors/user%3Aada', ready: '.actor-sections' },
  { name: 'statistics', path: '/statistics?from=-30d', ready: '.u-over' },
  { name: 'statistics as a table', path: '/statistics?from=-30d&view=table', ready: '.stats-table tbody tr' },
  { name: 'statistics without jobs', path: '/statistics?userId=no-one&bucket=second', ready: '.empty' },
  { name: 'operations', path: '/operations', ready: '.operations-table' },
  { name: 'a bulk action', path: bulkActionPath, ready: '.sample summary' },
  { name: 'bulk actions', path: '/bulk', ready: '.row-link' },
  { name: 'a bulk action that does not exist', path: '/bulk/1', ready: '.empty' },
  { name: 'an unknown page', path: '/nothing', ready: '.empty' },
]
const SCREENS = [
  { colorScheme: 'light', width: 360 },
  { colorScheme: 'light', width: 1280 },
  { colorScheme: 'dark', width: 360 },
  { colorScheme: 'dark', width: 1280 },
] as const

describe('a page of the dashboard', () => {
  for (const { name, path, ready } of PAGES) {
    itInChromium(`is accessible and fits the screen: ${name}`, async () => {
      for (const { colorScheme, width } of SCREENS) {
        const options = { colorScheme, viewport: { width, height: 800 } }
        const page = await (dashboard as TestDashboard).open(typeof path === 'string' ? path : await path(), options)
        await page.locator(ready).first().waitFor()
        expect([colorScheme, width, await accessibilityFaults(page)]).toEqual([colorScheme, width, []])
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
        await page.context().close()
      }
    })
  }

  itInChromium('has all its controls on a screen of 1280 px at 200 % zoom', async () => {
    for (const { path, ready } of PAGES) {
      const options = { deviceScaleFactor: 2, viewport: { width: 640, height: 400 } }
      const page = await (dashboard as TestDashboard).open(typeof path === 'string' ? path : await path(), options)
      await page.locator(ready).first().waitFor()
      expect([path, await page.evaluate(controlsBeside)]).toEqual([path, []])
      await page.context().close()
    }
  })

  itInChromium('does not move for visitors who prefer reduced motion', async () => {
    for (const { path, ready } of PAGES) {
      const options = { reducedMotion: 'reduce' } as const
      const page = await (dashboard as TestDashboard).open(typeof path === 'string' ? path : await path(), options)
      await page.locator(ready).first().waitFor()
      expect([path, await page.evaluate(movingElements)]).toEqual([path, []])
      await page.context().close()
    }
  })

  itInChromium('is accessible with a dialog open', async () => {
    const page = await (dashboard as TestDashboard).open(await sampleJobPath())
    await page.locator('.record').first().waitFor()
    for (const open of [() => page.keyboard.press('?'), () => page.getByRole('button', { name: 'Retry' }).click()]) {
      await open()
      await page.getByRole('dialog').waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
    }
  })
})

/** In the browser: the controls that are cut off by the screen, and cannot be scrolled to. */
function controlsBeside(): string[] {
  const canScroll = (element: Element): boolean => {
    for (let one = element.parentElement; one !== null && one !== document.body; one = one.parentElement)
      if (/auto|scroll/.test(getComputedStyle(one).overflowX)) return true
    return false
  }
  return [...document.querySelectorAll('a, button, input, select, summary')]
    .filter((control) => {
      const { left, right, width } = control.getBoundingClientRect()
      // A link for the keyboard is beside the screen until it has the focus.
      const isHidden = width <= 1 || control.matches('.skip-link')
      return !isHidden && (left < 0 || right > window.innerWidth) && !canScroll(control)
    })
    .map(({ outerHTML }) => outerHTML.slice(0, 200))
}

/** In the browser. */
function movingElements(): string[] {
  return [...document.querySelectorAll('*')]
    .filter((element) => {
      const { animationName, transitionDuration } = getComputedStyle(element)
      return animationName !== 'none' || /[1-9]/.test(transitionDuration)
    })
    .map(({ outerHTML }) => outerHTML.slice(0, 200))
}
