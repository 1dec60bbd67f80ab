// The list of jobs in Chromium: what it shows.
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'

/** The job ids of the rows that are shown. */
export async function rowIds(page: Page): Promise<string[]> {
  await page.locator('table.jobs[aria-busy="false"] tbody tr').first().waitFor()
  return page.locator('.row-link .id').allTextContents()
}

/** Resolves when the page says that nothing matches. */
export async function noRows(page: Page): Promise<string[]> {
  await page.locator('.empty').waitFor()
  return []
}

/** In the browser: as the button Back does, which does not load the page again. */
export function goTo(url: string): void {
  history.pushState(null, '', url)
  dispatchEvent(new PopStateEvent('popstate'))
}

/** The number of the tab of a state. */
export async function countOf(page: Page, state: string): Promise<number> {
  const text = await page.locator('.tab', { hasText: state }).locator('.count').textContent()
  return Number(text?.replaceAll(',', ''))
}

/** On the page that asks for a credential. */
export async function signIn(page: Page, credential: string): Promise<void> {
  await page.getByLabel('Token or API key').fill(credential)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** The lines of the file that a button of the page exports. */
export async function exportedLines(page: Page, button: 'Export CSV' | 'NDJSON'): Promise<string[]> {
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: button }).click()
  return (await readFile(await (await download).path(), 'utf8')).trimEnd().split(/\r?\n/)
}
