// Cursors from clients: a cursor of another list or order, or a damaged one, is refused and never
// misread.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../src/ledger/errors.ts'
import { getJobHistory, listJobStateRecords } from '../../src/ledger/jobHistory.ts'
import { type JobOrder, listJobs } from '../../src/ledger/listJobs.ts'
import type { Page, PageRequest } from '../../src/ledger/page.ts'
import { listStuckJobs } from '../../src/ledger/stuckJobs.ts'
import { cursorAt } from '../support/cursors.ts'
import { jobIn, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
/** All lists, by the name in their cursors. */
const lists: Record<string, (request: PageRequest) => Promise<Page<unknown>>> = {}
const cursors: Record<string, string> = {}

beforeAll(async () => {
  ledger = await openTestLedger()
  const { id } = await jobIn(ledger, 'PROCESSING')
  const list = (field: JobOrder['field'], direction: JobOrder['direction']) => (request: PageRequest) =>
    listJobs(ledger, { ...request, orderBy: { field, direction } })
  for (const field of ['CREATED_AT', 'UPDATED_AT', 'COMPLETED_AT'] as const) {
    lists[`jobs.${field} asc`] = list(field, 'ASC')
    lists[`jobs.${field} desc`] = list(field, 'DESC')
  }
  lists['stuckJobs asc'] = (request) => listStuckJobs(ledger, { ...request, olderThanSeconds: 0 })
  lists['history asc'] = (request) => getJobHistory(ledger, id, request)
  lists['records desc'] = (request) => listJobStateRecords(ledger, request)
  for (const [name, read] of Object.entries(lists)) cursors[name] = cursorAt(await read({ first: 1 }), 0) as string
})

afterAll(() => ledger.close())

const encoded = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url')
const listOf = (name: string) => lists[name] as (request: PageRequest) => Promise<Page<unknown>>

const PASS = {
  after: 'Pass a cursor of this list, such as `pageInfo.endCursor`, or leave it out to start at the first page.',
  before: 'Pass a cursor of this list, such as `pageInfo.startCursor`, or leave it out to end at the last page.',
}

async function expectRefused(name: string, cursor: string, message: string): Promise<void> {
  for (const argument of ['after', 'before'] as const) {
    await expect(listOf(name)({ [argument]: cursor }), cursor).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: [argument], message: `${message} (got "${cursor.slice(0, 50)}"). ${PASS[argument]}` }],
    })
  }
}

describe('a cursor', () => {
  it('is accepted only by its own list', async () => {
    for (const [own, cursor] of Object.entries(cursors)) {
      for (const name of Object.keys(lists)) {
        if (name === own) await expect(listOf(name)({ after: cursor })).resolves.toBeDefined()
        else await expectRefused(name, cursor, `belongs to the order ${own}; this list is ordered by ${name}`)
      }
    }
  })

  it.each([
    '',
    ' ',
    'x',
    'null',
    '0',
    '!!!',
    encoded(null),
    encoded({}),
    encoded([]),
    encoded([2, 'jobs.CREATED_AT', 'desc']),
    encoded('text'),
  ])('is refused if it is not a cursor: "%s"', async (cursor) => {
    await expectRefused('jobs.CREATED_AT desc', cursor, 'is not a cursor')
  })

  const ID = '0199ed7c-6b2a-7a7b-8a4c-1de3aab2c1f3'
  it.each([
    ['too few values', 'jobs.UPDATED_AT desc', [1]],
    ['too many values', 'jobs.CREATED_AT desc', [ID, 1]],
    ['a number for an id', 'jobs.CREATED_AT desc', [7]],
    ['text that is not an id', 'jobs.CREATED_AT desc', [`${ID}0`]],
    ['null for a required value', 'jobs.UPDATED_AT desc', [null, ID]],
    ['null for the id', 'jobs.COMPLETED_AT desc', [null, null]],
    ['text for an instant', 'jobs.UPDATED_AT desc', ['2026-01-01', ID]],
    ['a fraction for an instant', 'jobs.UPDATED_AT desc', [0.5, ID]],
    ['an instant beyond all dates', 'jobs.UPDATED_AT desc', [8.64e15 + 1, ID]],
    ['an instant before the year 1', 'jobs.UPDATED_AT desc', [Date.UTC(-1, 0), ID]],
    ['an instant before the year 1 for completion', 'jobs.COMPLETED_AT asc', [-62_167_219_200_001, ID]],
    ['a sequence beyond an Int', 'history asc', [2 ** 31]],
    ['a number for a large number', 'records desc', [1, 1]],
    ['a large number beyond what a record has', 'records desc', [1, '99999999999999999999']],
    ['a negative large number', 'records desc', [1, '-1']],
  ])('is refused as damaged with %s', async (_, name, values) => {
    await expectRefused(name, encoded([1, ...name.split(' '), ...values]), 'is damaged')
  })

  it('is refused or names a position after any damage', async () => {
    const damage = fc.record({
      name: fc.constantFrom(
        'jobs.CREATED_AT desc',
        'jobs.COMPLETED_AT asc',
        'jobs.UPDATED_AT desc',
        'history asc',
        'records desc',
      ),
      at: fc.nat(),
      text: fc.oneof(fc.string({ maxLength: 3 }), fc.base64String({ maxLength: 8 })),
      cut: fc.nat({ max: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ name, at, text, cut }) => {
        const cursor = cursors[name] as string
        const place = at % cursor.length
        await expectRefusedOrRead(name, cursor.slice(0, place) + text + cursor.slice(place + cut))
      }),
      { numRuns: 300 },
    )
  })

  it('is refused or names a position with any values', async () => {
    const value = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.constant(null),
      fc.uuid(),
      fc.bigInt({ min: 0n, max: 2n ** 66n }).map(String),
      fc.jsonValue(),
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(value, { minLength: 1, maxLength: 2 }), async (number, values) => {
        const name = Object.keys(lists)[number % Object.keys(lists).length] as string
        await expectRefusedOrRead(name, encoded([1, ...name.split(' '), ...values]))
      }),
      { numRuns: 500 },
    )
  })

  async function expectRefusedOrRead(name: string, cursor: string): Promise<void> {
    const answer = await listOf(name)({ first: 1, after: cursor }).catch((error: unknown) => error)
    if (answer instanceof InvalidInputError) expect(answer.issues).toMatchObject([{ path: ['after'] }])
    else expect(answer, cursor).toHaveProperty('rows')
  }
})
