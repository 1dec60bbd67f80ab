// Checks a page for faults of accessibility that a program can find.
import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** The faults of the page, each with the elements that have it; empty if it has none. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import('axe-core') }
    return (await axe.run(document)).violations
  })
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)}`,
  )
}
