// Every limit, at the maximum and one above, through every operation that accepts the value; and
// values that PostgreSQL cannot store.
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../src/database/generated/client.ts'
import { createJob } from '../../src/ledger/createJob.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { InvalidInputError } from '../../src/ledger/errors.ts'
import { completeJob, failJob } from '../../src/ledger/finishJob.ts'
import type { JsonObject } from '../../src/ledger/inputCheck.ts'
import { getJobResult, setJobResult } from '../../src/ledger/jobResult.ts'
import { openLedger } from '../../src/ledger/ledger.ts'
import { DEFAULT_LIMITS } from '../../src/ledger/limits.ts'
import { transitionJob, transitionJobs } from '../../src/ledger/transitionJob.ts'
import { refusalOf } from '../support/attack.ts'
import { ACTOR, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})

afterAll(() => ledger.close())

/** Every operation that accepts text or JSON, by the name of the argument. */
const create = (input: object, actor = ACTOR) => createJob(ledger, { userId: 'u', content: 'c', ...input }, actor)
const processing = async () => (await jobIn(ledger, 'PROCESSING')).id
const TAKERS: Record<string, Record<string, (value: never) => Promise<unknown>>> = {
  userId: { createJob: (userId) => create({ userId }) },
  preset: { createJob: (preset) => create({ preset }) },
  idempotencyKey: { createJob: (idempotencyKey) => create({ idempotencyKey }) },
  actor: {
    createJob: (actor) => create({}, actor),
    transitionJob: async (actor) => transitionJob(ledger, { jobId: await processing(), to: 'PENDING', actor }),
    deleteJob: async (actor) => deleteJob(ledger, { jobId: await processing(), actor }),
  },
  content: { createJob: (content) => create({ content }) },
  reason: {
    transitionJob: async (reason) =>
      transitionJob(ledger, { jobId: await processing(), to: 'PENDING', actor: ACTOR, reason }),
    completeJob: async (reason) => completeJob(ledger, { jobId: await processing(), actor: ACTOR, reason }),
    deleteJob: async (reason) => deleteJob(ledger, { jobId: await processing(), actor: ACTOR, reason }),
  },
  errorMessage: {
    failJob: async (errorMessage) => failJob(ledger, { jobId: await processing(), actor: ACTOR, errorMessage }),
    setJobResult: async (errorMessage) =>
      setJobResult(ledger, { jobId: await processing(), actor: 'user:ada', status: 'ERROR', errorMessage }),
  },
  metadata: {
    createJob: (metadata) => create({ metadata }),
    transitionJob: async (metadata) =>
      transitionJob(ledger, { jobId: await processing(), to: 'PENDING', actor: ACTOR, metadata }),
    completeJob: async (metadata) => completeJob(ledger, { jobId: await processing(), actor: ACTOR, metadata }),
  },
  output: {
    completeJob: async (output) => completeJob(ledger, { jobId: await processing(), actor: ACTOR, output }),
    setJobResult: async (output) =>
      setJobResult(ledger, { jobId: await processing(), actor: 'user:ada', status: 'SUCCESS', output }),
  },
}

const EACH = Object.entries(TAKERS).flatMap(([name, takers]) =>
  Object.entries(takers).map(([operation, take]) => ({
    name,
    operation,
    take: take as (value: unknown) => Promise<unknown>,
  })),
)
const taking = (...names: string[]) => EACH.filter(({ name }) => names.includes(name))

const changes = async () => {
  const { rows } =
    await session.query(`SELECT count(*) FILTER (WHERE version <> 2) AS jobs, count(*) FILTER (WHERE version > 2) AS moved,
    (SELECT count(*) FROM job_results) AS results FROM jobs`)
  return rows
}

/**
 * Expects a refusal that writes nothing. Only the PROCESSING job on which the operation is tried
 * exists.
 */
async function expectRefused(
  take: (value: unknown) => Promise<unknown>,
  value: unknown,
  name: string,
  message: string,
): Promise<void> {
  const before = await changes()
  const refusal = await take(value).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(InvalidInputError)
  expect((refusal as InvalidInputError).issues).toContainEqual({ path: [name], message })
  expect(await changes()).toEqual(before)
}

async function expectTaken(take: (value: unknown) => Promise<unknown>, value: unknown): Promise<void> {
  await take(value)
  await session.query("UPDATE jobs SET state = 'CANCELLED', deleted_at = now() WHERE deleted_at IS NULL")
  await session.query("BEGIN; SET LOCAL jobledger.purge = 'on'; DELETE FROM jobs; COMMIT")
}

describe('a name', () => {
  it.each(taking('userId', 'preset', 'idempotencyKey', 'actor'))(
    'has 1 to 200 characters: $name of $operation',
    async ({ name, take }) => {
      // Characters are code points: an emoji is one character, two UTF-16 units and four bytes.
      for (const size of [201, 100_000]) {
        for (const value of ['x'.repeat(size), '🎉'.repeat(size)]) {
          await expectRefused(take, value, name, `must have 1 to 200 characters (got ${size}).`)
        }
      }
      await expectRefused(take, '', name, 'must have 1 to 200 characters (got 0).')
      for (const value of ['x', 'x'.repeat(200), '🎉'.repeat(200)]) await expectTaken(take, value)
    },
  )

  it.each(taking('actor'))('must not claim to edit the database: actor of $operation', async ({ take }) => {
    await expectRefused(
      take,
      'db:x',
      'actor',
      'must not start with "db:", which is reserved for direct edits of the database (got "db:x").',
    )
    await expectTaken(take, 'DB:x')
  })
})

const TEXTS = { content: 1_048_576, reason: 4096, errorMessage: 4096 }
describe('a text', () => {
  it.each(taking(...Object.keys(TEXTS)))(
    'has at most the limit of bytes of UTF-8: $name of $operation',
    async ({ name, take }) => {
      const limit = TEXTS[name as keyof typeof TEXTS]
      await expectRefused(take, 'x'.repeat(limit + 1), name, `must have at most ${limit} bytes (got ${limit + 1}).`)
      await expectRefused(
        take,
        `${'é'.repeat(limit / 2)}x`,
        name,
        `must have at most ${limit} bytes (got ${limit + 1}).`,
      )
      await expectTaken(take, 'x'.repeat(limit))
      await expectTaken(take, 'é'.repeat(limit / 2))
    },
  )
})

const JSONS = { metadata: 65_536, output: 1_048_576 }
describe('JSON', () => {
  it.each(taking(...Object.keys(JSONS)))(
    'has at most the limit of bytes: $name of $operation',
    async ({ name, take }) => {
      const limit = JSONS[name as keyof typeof JSONS]
      const sized = (bytes: number) => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) })
      await expectRefused(take, sized(limit + 1), name, `must have at most ${limit} bytes of JSON (got ${limit + 1}).`)
      await expectTaken(take, sized(limit))
    },
  )

  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) })
  it.each(taking(...Object.keys(JSONS)))(
    'has at most 100 levels of nesting: $name of $operation',
    async ({ name, take }) => {
      let deep: object = {}
      for (let level = 0; level < 100_000; level += 1) deep = { a: deep }
      for (const value of [nested(101), deep])
        await expectRefused(take, value, name, 'must have at most 100 levels of nesting.')
      await expectTaken(take, nested(100))
    },
  )

  it.each(taking(...Object.keys(JSONS)))(
    'has only integers that JavaScript represents exactly: $name of $operation',
    async ({ name, take }) => {
      const message = 'must not contain integers beyond ±9007199254740991, which lose precision; send them as strings.'
      for (const integer of [2 ** 53, -(2 ** 53), 1e300]) await expectRefused(take, { a: [integer] }, name, message)
      await expectRefused(take, { a: Number.NaN }, name, 'must be valid JSON (found NaN).')
      await expectRefused(take, { a: Number.POSITIVE_INFINITY }, name, 'must be valid JSON (found Infinity).')
      await expectRefused(take, { a: undefined }, name, 'must be valid JSON (found a value of type undefined).')
      await expectRefused(take, { a: 1n }, name, 'must be valid JSON (found a value of type bigint).')
      await expectTaken(take, { a: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.1, 1e-300, -0] })
    },
  )

  it.each(taking('metadata'))('must be an object: metadata of $operation', async ({ take }) => {
    for (const value of [[], 'text', 1, true]) await expectRefused(take, value, 'metadata', 'must be a JSON object.')
  })
})

const NUL = {
  text: 'a\0',
  fault: 'must not contain a NUL character, which PostgreSQL cannot store (found at position 1).',
}
const HALVES = ['\ud83c', '\udf89', 'a\udf89\ud83cb'].map((text) => ({
  text,
  fault: 'must be valid Unicode (found half of a surrogate pair).',
}))
describe('text that PostgreSQL cannot store', () => {
  it.each(EACH)('is refused at any depth: $name of $operation', async ({ name, take }) => {
    for (const { text, fault } of [NUL, ...HALVES]) {
      const values = name in JSONS ? [{ a: text }, { [text]: 1 }, { a: [{ b: [text] }] }] : [text]
      for (const value of values) await expectRefused(take, value, name, fault)
    }
  })
})

describe('the key "__proto__"', () => {
  const metadata = JSON.parse('{"__proto__": {"polluted": true}, "a": {"__proto__": null}}') as JsonObject
  const kept = (value: unknown) =>
    expect(JSON.stringify(value)).toBe('{"a":{"__proto__":null},"__proto__":{"polluted":true}}')

  it('is stored like any other key in the metadata of a new job', async () => {
    kept((await newJob(ledger, { metadata })).metadata)
  })

  it('is stored in the metadata of a transition, alone and in a batch', async () => {
    const { id: jobId } = await newJob(ledger)
    kept((await transitionJob(ledger, { jobId, to: 'PROCESSING', actor: ACTOR, metadata })).stateMetadata)
    const [job] = await transitionJobs(ledger, [{ jobId, to: 'PENDING', metadata }], ACTOR)
    kept((job as Job).stateMetadata)
  })

  it('is stored in an output', async () => {
    const { id: jobId } = await jobIn(ledger, 'PROCESSING')
    await completeJob(ledger, { jobId, actor: ACTOR, output: metadata })
    kept((await getJobResult(ledger, jobId))?.output)
  })
})

describe('the limits', () => {
  it('have defaults that the caller can override', async () => {
    expect(openLedger(ledger).limits).toEqual(DEFAULT_LIMITS)
    const strict = openLedger(ledger, { contentBytes: 3 })
    expect(strict.limits).toEqual({ ...DEFAULT_LIMITS, contentBytes: 3 })
    expect(await refusalOf(session, () => createJob(strict, { userId: 'u', content: 'four' }, ACTOR))).toMatchObject({
      issues: [{ path: ['content'], message: 'must have at most 3 bytes (got 4).' }],
    })
    expect((await createJob(strict, { userId: 'u', content: 'tri' }, ACTOR)).created).toBe(true)
  })
})
