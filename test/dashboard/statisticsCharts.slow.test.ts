// The charts of the page of statistics in Chromium: what they draw, and how one moves in them.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

const DAY = 86_400_000

async function open(path: string, options = {}): Promise<Page> {
  const page = await current().open(`/statistics${path}`, options)
  await shown(page)
  return page
}

const shown = (page: Page) => page.locator('.stats[aria-busy="false"]').waitFor()

const chart = (page: Page, name: string) => page.getByRole('slider', { name, exact: true })

const bucketCount = async (page: Page): Promise<number> =>
  Number(await chart(page, 'Started').getAttribute('aria-valuemax')) + 1

const parameter = (page: Page, name: string): string => new URL(page.url()).searchParams.get(name) ?? ''

/** The number of pixels of a chart that have its color. */
const coloredPixels = (page: Page, name: string): Promise<number> =>
  chart(page, name).evaluate((element) => {
    const color = getComputedStyle(element).color.match(/\d+/g)?.map(Number) ?? []
    const canvas = element.querySelector('canvas') as HTMLCanvasElement
    const context = canvas.getContext('2d') as CanvasRenderingContext2D
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    let count = 0
    for (let at = 0; at < data.length; at += 4)
      if (color.every((part, index) => data[at + index] === part) && data[at + 3] === 255) count += 1
    return count
  })

describe('the charts', () => {
  itInChromium('are drawn in the colors of the theme, and again when it changes', async () => {
    const page = await open('?from=-30d', { colorScheme: 'light' })
    const names = ['Created', 'Started', 'Completed', 'Failed', 'Cancelled', 'Waiting time', 'Processing time']
    const expectAllDrawn = () =>
      eventually(async () => {
        for (const name of names)
          expect([name, await coloredPixels(page, name)]).toEqual([name, expect.toSatisfy(isMany)])
      })
    const isMany = (count: number): boolean => count > 100
    await expectAllDrawn()
    await page.emulateMedia({ colorScheme: 'dark' })
    await expectAllDrawn()
    await page.keyboard.press('t')
    await page.locator('html[data-theme="light"]').waitFor()
    await expectAllDrawn()
    await page.context().close()
  })

  itInChromium('zoom to what is dragged, and back', async () => {
    const start = Math.floor(Date.now() / DAY - 30) * DAY
    const buckets = 30
    const [from, to] = [start, start + buckets * DAY].map((ms) => new Date(ms).toISOString())
    const page = await open(`?from=${from}&to=${to}`)
    const before = page.url()
    expect(await bucketCount(page)).toBe(buckets)
    const box = (await chart(page, 'Started').locator('.u-over').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    const at = (bucket: number) => box.x + (box.width * (bucket + 0.5)) / buckets
    await page.mouse.move(at(10), box.y + 20)
    await page.mouse.down()
    await page.mouse.move(at(11), box.y + 20)
    await page.mouse.move(at(13), box.y + 20)
    await page.mouse.up()
    await page.waitForURL((url) => url.href !== before)
    expect(Date.parse(parameter(page, 'from'))).toBe(start + 10 * DAY)
    expect(Date.parse(parameter(page, 'to'))).toBe(start + 14 * DAY)
    await eventually(async () => expect(await bucketCount(page)).toBe(4 * 24))
    expect(await page.getByText('Live', { exact: true }).count()).toBe(0)
    await page.goBack()
    await eventually(async () => expect(await bucketCount(page)).toBe(buckets))
    expect(page.url()).toBe(before)
    await page.context().close()
  })

  itInChromium('are used by keyboard alone', async () => {
    const page = await open('?from=-30d')
    const said = () => chart(page, 'Created').getAttribute('aria-valuetext')
    await page.keyboard.press('c')
    await page.keyboard.press('Home')
    const first = await said()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('PageUp')
    expect(await chart(page, 'Created').getAttribute('aria-valuenow')).toBe('11')
    await page.keyboard.press('PageDown')
    await page.keyboard.press('ArrowLeft')
    expect(await said()).toBe(first)
    await page.keyboard.press('+')
    await page.waitForURL('**/statistics?from=2*')
    await eventually(async () => expect(await bucketCount(page)).toBe(24))
    await page.keyboard.press('o')
    await eventually(async () => expect(await bucketCount(page)).toBe(48))
    await page.keyboard.press('n')
    await eventually(async () =>
      expect(Date.parse(parameter(page, 'to')) - Date.parse(parameter(page, 'from'))).toBe(2 * DAY),
    )
    await page.keyboard.press('v')
    await page.locator('.stats-table').waitFor()
    await page.reload()
    await page.locator('.stats-table').waitFor()
    await page.context().close()
  })

  itInChromium('mark the bucket that is pointed at in all rows, also after the window has changed', async () => {
    const page = await open('?from=-30d')
    await chart(page, 'Failed').focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    const markers = page.locator('.chart-marker')
    expect(await markers.count()).toBe(7)
    for (const width of [1280, 700]) {
      await page.setViewportSize({ width, height: 800 })
      await eventually(async () => {
        const plot = await chart(page, 'Failed').locator('.u-over').boundingBox()
        const bucket = (plot?.width ?? 0) / (await bucketCount(page))
        for (const marker of await markers.all()) {
          const box = await marker.boundingBox()
          expect((box?.x ?? 0) - (plot?.x ?? 0)).toBeCloseTo(bucket, 0)
          expect(box?.width).toBeCloseTo(bucket, 0)
        }
      })
    }
    await page.context().close()
  })

  itInChromium('show the numbers of a bucket that is tapped, and its jobs when it is tapped again', async () => {
    const page = await open('?from=-30d', { hasTouch: true, viewport: { width: 360, height: 800 } })
    const box = (await chart(page, 'Created').locator('.u-over').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    const tap = () => page.touchscreen.tap(box.x + box.width / 2, box.y + 20)
    await tap()
    await eventually(async () => expect(await page.locator('.chart-pointed').first().textContent()).toMatch(/^\d+$/))
    expect(new URL(page.url()).pathname).toBe('/ui/statistics')
    await tap()
    await page.waitForURL('**/ui/jobs?*createdAfter=*')
    await page.context().close()
  })

  itInChromium('have a table of the latest 300 buckets, and of all on request', async () => {
    const page = await open('?bucket=minute&view=table')
    const rows = page.locator('.stats-table tbody tr')
    expect(await rows.count()).toBe(300)
    expect(await rows.last().textContent()).toContain('(in progress)')
    await page.getByRole('button', { name: /^Show all 1,44\d$/ }).click()
    await eventually(async () => expect(await rows.count()).toBeGreaterThan(1440))
    await page.context().close()
  })

  itInChromium('count new jobs without a reload while the time that is shown ends now', async () => {
    const page = await open('?userId=live')
    await page.getByText('Nothing happened in this time to jobs that match.').waitFor()
    await newJob(current().server.ledger, { userId: 'live' })
    await chart(page, 'Created').waitFor()
    await chart(page, 'Created').focus()
    await page.keyboard.press('End')
    expect(await chart(page, 'Created').getAttribute('aria-valuetext')).toMatch(/ \(in progress\): 1$/)
    await newJob(current().server.ledger, { userId: 'live' })
    await eventually(async () => expect(await page.locator('.chart-numbers a').first().textContent()).toBe('2'))
    await page.context().close()
  })

  itInChromium('label minutes and hours in the time zone of the browser, and days in UTC', async () => {
    const page = await open('?from=2026-03-01T18:30Z&to=2026-03-01T20:30Z&bucket=hour', { timezoneId: 'Asia/Kolkata' })
    const summary = page.locator('.stats-summary')
    expect(await summary.textContent()).toMatch(
      /^From Mar 01(?:, 2026)?, 23:30 until Mar 02(?:, 2026)?, 02:30 \(Asia\/(?:Kolkata|Calcutta)\): 0/,
    )
    await page.locator('.stats-controls label', { hasText: /^By/ }).locator('select').selectOption('day')
    await eventually(async () =>
      expect(await summary.textContent()).toMatch(/^From Mar 01(?:, 2026)? until Mar 02(?:, 2026)? \(UTC\): 0/),
    )
    await page.context().close()
  })

  itInChromium('report no error and break no rule of the content security policy', async () => {
    expect(current().faults).toEqual([])
  })
})
