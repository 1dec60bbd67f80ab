// Bulk actions in Chromium, against a real server: from a list over the dry run to the end.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { accessibilityFaults } from '../support/axe.ts'
import { itInChromium } from '../support/chromium.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn } from '../support/factories.ts'
import type { Session } from '../support/history.ts'
import { openTcpGate, type TcpGate } from '../support/tcpGate.ts'

let dashboard: TestDashboard | undefined
let gate: TcpGate

const environment = { BULK_INTERVAL_SECONDS: '1', BULK_BATCH_JOBS: '1' }

beforeAll(async () => {
  dashboard = await openDashboard({ environment }).catch(() => undefined)
  if (dashboard) gate = await openTcpGate(Number(new URL(dashboard.server.url).port))
})

afterAll(async () => {
  await gate?.close()
  await dashboard?.close()
})

const current = (): TestDashboard => dashboard as TestDashboard

async function failedJobs(userId: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) ids.push((await jobIn(current().server.ledger, 'FAILED', { userId })).id)
  return ids
}

async function statesOf(ids: readonly string[]): Promise<string[]> {
  const sql = 'SELECT state::text FROM jobs WHERE id = ANY ($1::uuid[]) ORDER BY id'
  const { rows } = await current().server.database.pool.query<{ state: string }>(sql, [ids])
  return rows.map(({ state }) => state)
}

async function actionsWith(reason: string): Promise<number> {
  return current().server.ledger.prisma.bulkAction.count({ where: { reason } })
}

/** Opens the list of a user and asks for a dry run of a retry. */
async function dryRun(page: Page, reason: string): Promise<void> {
  await page.getByRole('button', { name: /^Act on all \d+ jobs?…$/ }).click()
  await page.getByLabel('Reason').fill(reason)
  await page.getByRole('button', { name: 'Dry run' }).click()
  await page.getByLabel('To confirm').waitFor()
}

/** Keeps the batch of this job waiting until the returned function is called. */
async function holdJob(id: string | undefined): Promise<() => Promise<void>> {
  const client = await current().server.database.pool.connect()
  const session: Session = client
  await session.query('BEGIN')
  await session.query('SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE', [id])
  let isHeld = true
  const release = async (): Promise<void> => {
    if (!isHeld) return
    isHeld = false
    await session.query('COMMIT')
    client.release()
  }
  onTestFinished(release)
  return release
}

const numbersOf = (page: Page): Promise<string[]> => page.locator('.bulk-numbers dd').allTextContents()

/** The numbers of done, refused and other jobs that the page shows. */
async function expectNumbers(page: Page, numbers: readonly number[]): Promise<void> {
  await eventually(async () => expect(await numbersOf(page)).toEqual(numbers.map(String)))
}

describe('a bulk action', () => {
  itInChromium('is shown before it starts, needs the right count, and runs to the end', async () => {
    const failed = await failedJobs('one', 2)
    const done = (await jobIn(current().server.ledger, 'COMPLETED', { userId: 'one' })).id
    const page = await current().open('/jobs?userId=one&createdAfter=-7d')
    await dryRun(page, 'disk replaced')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Of 3 jobs, 2 would be retried and 1 refused.').waitFor()
    await dialog.getByText('Refused, 1 job: The job is completed.').waitFor()
    await dialog.getByText(/^from .+ \d{4}, /).waitFor()
    const links = await dialog.locator('.sample a').evaluateAll((all) => all.map((one) => one.getAttribute('href')))
    expect(links.toSorted()).toEqual([...failed, done].map((id) => `/ui/jobs/${id}`).toSorted())
    expect(await accessibilityFaults(page)).toEqual([])

    const confirm = dialog.getByRole('button', { name: 'Retry 2 of 3 jobs' })
    await dialog.getByLabel('To confirm').fill('2')
    expect(await confirm.isDisabled()).toBe(true)
    await page.keyboard.press('Enter')
    expect([await actionsWith('disk replaced'), await statesOf(failed)]).toEqual([0, ['FAILED', 'FAILED']])
    await dialog.getByLabel('To confirm').fill('3')
    await confirm.click()

    await page.locator('.bulk-line').getByText('Completed', { exact: true }).waitFor()
    await expectNumbers(page, [2, 1, 0])
    expect(await statesOf(failed)).toEqual(['PENDING', 'PENDING'])
    await page.reload()
    await page.getByRole('heading', { name: 'Retry 3 jobs' }).waitFor()
    await expectNumbers(page, [2, 1, 0])
    const outcomes = page.locator('.bulk-outcomes')
    await eventually(async () => expect(await outcomes.getByRole('row').count()).toBe(4))
    await outcomes.getByRole('link', { name: 'Refused' }).click()
    await eventually(async () => expect(await outcomes.getByRole('row').count()).toBe(2))
    await outcomes.getByText('The job is completed.').waitFor()
    expect(new URL(page.url()).searchParams.get('outcome')).toBe('REFUSED')
    expect(await accessibilityFaults(page)).toEqual([])
    const { pathname } = new URL(page.url())
    await page.getByRole('link', { name: 'List the jobs that match now' }).click()
    await eventually(async () => expect(await page.locator('.row-link').count()).toBe(3))
    expect(new URL(page.url()).searchParams.get('createdAfter')).toMatch(/^\d{4}-/)

    await page.goto(`${current().server.url}/ui/jobs/${failed[0]}`)
    await page.getByRole('link', { name: 'Bulk action', exact: true }).click()
    expect(new URL(page.url()).pathname).toBe(pathname)
    await page.getByRole('link', { name: 'Bulk actions' }).first().click()
    const row = page.getByRole('row').filter({ hasText: 'disk replaced' })
    expect(await row.textContent()).toMatch(/Completed.*Retry 3 jobs.*2 done, 1 refused, 0 left.*user:dev/)
    await page.context().close()
  })

  itInChromium('does not start if other jobs match meanwhile: it shows a new dry run', async () => {
    const ids = await failedJobs('two', 1)
    const page = await current().open('/jobs?userId=two')
    await dryRun(page, 'network is back')
    ids.push(...(await failedJobs('two', 1)))
    await page.getByLabel('To confirm').fill('1')
    await page.getByRole('button', { name: 'Retry 1 job' }).click()
    await page.getByRole('alert').getByText('Nothing was started: 1 job matched, now it is 2 jobs.').waitFor()
    expect([await actionsWith('network is back'), await statesOf(ids)]).toEqual([0, ['FAILED', 'FAILED']])
    await page.getByLabel('To confirm').fill('2')
    await page.getByRole('button', { name: 'Retry 2 jobs' }).click()
    await expectNumbers(page, [2, 0, 0])
    await page.context().close()
  })

  itInChromium('starts once if its answer is lost and the button is pressed again', async () => {
    const ids = await failedJobs('three', 1)
    const page = await current().open('/jobs?userId=three')
    await dryRun(page, 'answer lost')
    let lost = 0
    await page.route('**/graphql', async (route) => {
      const isStart = route.request().postData()?.includes('"dryRun":false')
      if (!isStart || lost > 0) return route.continue()
      lost += 1
      await route.fetch()
      return route.abort()
    })
    await page.getByLabel('To confirm').fill('1')
    await page.getByRole('button', { name: 'Retry 1 job' }).click()
    await page.getByRole('alert').getByText('Try again: the bulk action starts only once.').waitFor()
    await page.getByRole('button', { name: 'Retry 1 job' }).click()
    await expectNumbers(page, [1, 0, 0])
    expect([lost, await actionsWith('answer lost'), await statesOf(ids)]).toEqual([1, 1, ['PENDING']])
    await page.context().close()
  })

  itInChromium('ends after its current batch when it is aborted', async () => {
    const ids = await failedJobs('four', 3)
    const release = await holdJob(ids[1])
    const page = await current().open('/jobs?userId=four')
    await dryRun(page, 'to be aborted')
    await page.getByLabel('To confirm').fill('3')
    await page.getByRole('button', { name: 'Retry 3 jobs' }).click()
    await expectNumbers(page, [1, 0, 2])
    await eventually(async () => expect(await waitingSessions()).toBe(1))
    await page.getByRole('button', { name: 'Abort' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Let it run' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByText('Running', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Abort' }).click()
    await dialog.getByRole('button', { name: 'Abort' }).click()
    await eventually(async () => expect(await waitingSessions()).toBe(2))
    await release()
    await page.locator('.bulk-line').getByText('Aborted', { exact: true }).waitFor()
    await expectNumbers(page, [2, 0, 1])
    expect(await statesOf(ids)).toEqual(['PENDING', 'PENDING', 'FAILED'])
    expect(await page.getByRole('button', { name: 'Abort' }).count()).toBe(0)
    await page.context().close()
  })

  itInChromium('is shown with the correct numbers once the server is available again', async () => {
    const ids = await failedJobs('five', 3)
    const release = await holdJob(ids[1])
    const page = await current().open('/jobs')
    await page.goto(`http://127.0.0.1:${gate.port}/ui/jobs?userId=five`)
    await dryRun(page, 'server is gone')
    await page.getByLabel('To confirm').fill('3')
    await page.getByRole('button', { name: 'Retry 3 jobs' }).click()
    await expectNumbers(page, [1, 0, 2])
    await gate.close()
    await page.getByRole('alert').getByText('The server cannot be reached.').waitFor()
    await eventually(async () => expect(await page.getByRole('alert').count()).toBe(1))
    expect(await numbersOf(page)).toEqual(['1', '0', '2'])
    await release()
    await gate.open()
    await page.locator('.bulk-line').getByText('Completed', { exact: true }).waitFor()
    await expectNumbers(page, [3, 0, 0])
    await eventually(async () => expect(await page.getByRole('alert').count()).toBe(0))
    expect(current().faults).toEqual([])
    await page.context().close()
  })
})

async function waitingSessions(): Promise<number> {
  const { rows } = await current().server.database.pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  )
  return rows[0]?.count ?? 0
}
