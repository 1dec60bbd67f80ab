// Lists whose answer arrives later than the events that happen meanwhile.
import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { JobsDocument, RecordsDocument } from '../../dashboard/src/api/documents.generated.ts'
import { itInChromium } from '../support/chromium.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { newJob } from '../support/factories.ts'
import { holdAnswer } from '../support/heldAnswer.ts'

/** Longer than that between two updates of a list. */
const UPDATE_PAUSE_MS = 2500

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
  if (dashboard) await newJob(dashboard.server.ledger)
})

afterAll(() => dashboard?.close())

describe('a list that is still loading', () => {
  for (const [path, documentId, noun] of [
    ['/jobs', JobsDocument.id, 'job'],
    ['/records', RecordsDocument.id, 'record'],
  ] as const)
    itInChromium(`announces a ${noun} that is created after the server has read the page`, async () => {
      const { server, open, faults } = dashboard as TestDashboard
      const other = await open(path)
      await other.getByText('Live', { exact: true }).waitFor()
      await other.locator('table.jobs[aria-busy="false"] tbody tr').first().waitFor()
      const context = (await other.context().browser()?.newContext()) as BrowserContext
      const { isHeld, release } = await holdAnswer(context, documentId)
      const page = await open(path, context)
      await page.getByText('Live', { exact: true }).waitFor()
      await isHeld
      await newJob(server.ledger)
      // Then the event has arrived. Without the pause, an update that waits could still find it.
      await other.getByRole('button', { name: `1 new ${noun}: show` }).waitFor()
      await page.waitForTimeout(UPDATE_PAUSE_MS)
      release()
      await page.getByRole('button', { name: `1 new ${noun}: show` }).waitFor()
      expect(faults).toEqual([])
    })
})
