// Takes the images of docs/dashboard.md from a running server with the sample jobs of `npm run
// seed`: `npm run screenshots [-- URL]`.
import { chromium } from 'playwright-core'

const [url = 'http://localhost:4000'] = process.argv.slice(2)

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, colorScheme: 'light', timezoneId: 'UTC' })
const save = (name: string) => page.screenshot({ path: `docs/images/${name}.png` })

await page.goto(`${url}/ui/jobs?state=FAILED&createdAfter=-30d`)
// Counts, contents and the name of the visitor arrive after the rows.
await page.locator('.row-link .content', { hasNotText: 'Job …' }).first().waitFor()
await page.locator('.tab .count', { hasText: /\d/ }).first().waitFor()
await page.locator('.viewer').waitFor()
await save('dashboard-jobs')

// A job that was retried has the most to show.
await page.locator('tr', { hasText: '2 (max. 1)' }).locator('.row-link').first().click()
await page.locator('.record').first().waitFor()
await save('dashboard-job')

await page.setViewportSize({ width: 1280, height: 832 })
await page.goto(`${url}/ui/statistics?from=-30d`)
await page.locator('.stats[aria-busy="false"]').waitFor()
await page.locator('.viewer').waitFor()
await save('dashboard-statistics')
await browser.close()
