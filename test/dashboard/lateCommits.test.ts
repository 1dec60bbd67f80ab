// Lists of the dashboard and a transaction that commits after later ones.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { rowIds } from '../support/jobsPage.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
})

afterAll(() => dashboard?.close())

describe('a list whose rows are newer than a transaction that is still open', () => {
  for (const [path, noun] of [
    ['/jobs', 'job'],
    ['/records', 'record'],
    ['/records?newStates=PENDING', 'record'],
  ] as const)
    itInChromium(`of ${path} announces the ${noun} of the transaction when it commits`, async () => {
      const { server, open, faults } = dashboard as TestDashboard
      const session = await server.database.pool.connect()
      try {
        await session.query('BEGIN')
        const insert = "INSERT INTO jobs (user_id, content) VALUES ('ada', 'commits late') RETURNING id"
        const { rows } = await session.query<{ id: string }>(insert)
        const late = rows[0]?.id
        for (let count = 0; count < 3; count += 1) await newJob(server.ledger)
        const page = await open(path)
        await page.getByText('Live', { exact: true }).waitFor()
        const before = await rowIds(page)
        expect(before).not.toContain(late)
        await session.query('COMMIT')
        await page.getByRole('button', { name: `1 new ${noun}: show` }).click()
        await eventually(async () => expect((await rowIds(page))[3]).toBe(late))
        expect(await page.getByRole('button', { name: /new/ }).count()).toBe(0)
        expect(faults).toEqual([])
      } finally {
        await session.query('ROLLBACK')
        session.release()
      }
    })
})
