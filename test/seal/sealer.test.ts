// The sealer: every record becomes a leaf, in the order of commits, and no checkpoint contradicts
// an earlier one.
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { latestCheckpoint } from '../../src/ledger/checkpoints.ts'
import { setJobResult } from '../../src/ledger/jobResult.ts'
import { openCheckpoint } from '../../src/proof/checkpoint.ts'
import { leafHash } from '../../src/proof/merkleHash.ts'
import { generatePrivateKey, readPrivateKey, readVerifierKey } from '../../src/proof/noteKeys.ts'
import { EMPTY_EDGE, edgeRoot, growTiles } from '../../src/proof/tileTree.ts'
import { Sealer } from '../../src/seal/sealer.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, jobIn, newJob, openTestLedger, type TestLedger } from '../support/factories.ts'
import { leafData } from '../support/leafBytes.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

const ORIGIN = 'example.com/jobs'
const signer = readPrivateKey(generatePrivateKey(ORIGIN))

let ledger: TestLedger
let session: pg.Client
let file: string

beforeEach(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
  file = join(temporaryDirectory('jobledger-seal-'), 'checkpoints')
})
afterEach(() => ledger.close())

const sealer = (settings: object = {}) =>
  new Sealer(ledger, { signer, origin: ORIGIN, intervalSeconds: 0, checkpointFile: file, ...settings })

/** Seals all records. Transactions of other tests on the same server may delay some. */
async function untilSealed(one: Sealer): Promise<void> {
  await eventually(async () => {
    while (await one.seal());
    const { rows } =
      await session.query(`SELECT (SELECT count(*) FROM job_states) + (SELECT count(*) FROM job_result_records)
      - (SELECT coalesce(sum(length(hashes)) / 32, 0) FROM jobledger.seal_tiles WHERE level = 0) AS unsealed`)
    expect(rows).toEqual([{ unsealed: '0' }])
  })
}

/** The root of all records, by an implementation of the format of its own. */
async function expectedHead() {
  const data = await leafData(session)
  return { size: data.length, root: edgeRoot(growTiles(EMPTY_EDGE, data.map(leafHash)).edge) }
}

const opened = (note: string) => openCheckpoint(note, [readVerifierKey(signer.verifierKey)], ORIGIN)

async function expectSealed(): Promise<void> {
  const stored = await latestCheckpoint(ledger)
  const { size, root } = opened(stored?.signedNote ?? '')
  expect({ size, root }).toEqual(await expectedHead())
  expect([Number(stored?.size), stored?.rootHash]).toEqual([size, root])
}

async function work(jobs: number): Promise<void> {
  await session.query(
    `INSERT INTO jobs (user_id, content, metadata, preset, run_at, state_reason)
     SELECT 'ä' || n, repeat('ü', n % 7), jsonb_build_object('n', n, 'x', 1.10, 'z', null), CASE WHEN n % 2 = 0 THEN 'p' END,
       now() + n * interval '1 hour', CASE WHEN n % 3 = 0 THEN 'why' END FROM generate_series(1, $1::integer) AS n`,
    [jobs],
  )
  await session.query("UPDATE jobs SET state = 'PROCESSING' WHERE state = 'PENDING'")
  await session.query(`INSERT INTO job_results (job_id, status, output, processing_time_ms)
    SELECT id, 'success', '{"b": 1.10, "a": [1e3]}', 5 FROM jobs ON CONFLICT DO NOTHING`)
}

describe('the tree', () => {
  it('has one leaf for each record of states and results, by the format of the documentation', async () => {
    await work(300)
    const { id } = await jobIn(ledger, 'FAILED', {
      idempotencyKey: 'key',
      runAt: new Date('2031-01-01'),
      metadata: { a: '\u{1f600}' },
    })
    await setJobResult(ledger, { jobId: id, actor: ACTOR, status: 'ERROR', errorMessage: 'no' })
    await untilSealed(sealer())
    await expectSealed()
  })

  it.each([0, 1, 255, 256, 257, 1000])('grows from any size: %i leaves, then more', async (leaves) => {
    await session.query("INSERT INTO jobs (user_id, content) SELECT 'u', 'c' FROM generate_series(1, $1::integer)", [
      leaves,
    ])
    await untilSealed(sealer())
    await work(3)
    await untilSealed(sealer())
    await expectSealed()
  })

  it('leaves out what a running transaction may still precede, and adds it later', async () => {
    await newJob(ledger)
    const other = await ledger.session()
    await other.query("BEGIN; INSERT INTO jobs (user_id, content) VALUES ('u', 'c')")
    await newJob(ledger)
    const one = sealer()
    await eventually(async () => {
      await one.seal()
      expect(await latestCheckpoint(ledger)).toMatchObject({ size: 1n })
    })
    await other.query('COMMIT')
    await untilSealed(one)
    expect(await latestCheckpoint(ledger)).toMatchObject({ size: 3n })
    await expectSealed()
  })

  it('is the same if two processes add to it at once', async () => {
    await work(500)
    const [first, second] = [sealer(), sealer({ checkpointFile: undefined })]
    await Promise.all([untilSealed(first), untilSealed(second)])
    await work(10)
    await Promise.all([untilSealed(second), untilSealed(first)])
    await untilSealed(first)
    await expectSealed()
  })

  it('is not changed: neither its tiles nor its checkpoints', async () => {
    await work(300)
    await untilSealed(sealer())
    const refused = (what: string) => ({ code: 'JL003', message: `The seal is append-only: ${what} is refused.` })
    for (const [sql, what] of [
      [
        "UPDATE jobledger.seal_tiles SET hashes = sha256('x') WHERE level = 0 AND tile = 1",
        'UPDATE of jobledger.seal_tiles',
      ],
      ['UPDATE jobledger.seal_tiles SET record_id = 1 WHERE level = 0', 'UPDATE of jobledger.seal_tiles'],
      ['DELETE FROM jobledger.seal_tiles', 'DELETE of jobledger.seal_tiles'],
      ['TRUNCATE jobledger.seal_tiles', 'TRUNCATE of jobledger.seal_tiles'],
      ["UPDATE jobledger.checkpoints SET signed_note = ''", 'UPDATE of jobledger.checkpoints'],
      ['DELETE FROM jobledger.checkpoints', 'DELETE of jobledger.checkpoints'],
      ["UPDATE jobledger.seal_origins SET origin = 'x'", 'UPDATE of jobledger.seal_origins'],
    ] as const)
      await expect(session.query(sql)).rejects.toMatchObject(refused(what))
  })
})

describe('a checkpoint', () => {
  it('is signed at most once per interval, and not without new records', async () => {
    const one = sealer({ intervalSeconds: 3600 })
    await newJob(ledger)
    await untilSealed(one)
    await newJob(ledger)
    await untilSealed(one)
    expect(await latestCheckpoint(ledger)).toMatchObject({ size: 1n })
    await untilSealed(sealer())
    const before = await readFile(file, 'utf8')
    await untilSealed(sealer())
    expect(await readFile(file, 'utf8')).toBe(before)
    expect(await latestCheckpoint(ledger)).toMatchObject({ size: 2n })
  })

  it('is published after a crash between the table and the file', async () => {
    await newJob(ledger)
    await untilSealed(sealer({ checkpointFile: undefined }))
    await untilSealed(sealer())
    expect(opened((await readFile(file, 'utf8')).slice(0, -1))).toMatchObject({ size: 1 })
  })

  it('replaces one that a crash left incomplete in the file', async () => {
    await newJob(ledger)
    await untilSealed(sealer())
    const complete = await readFile(file, 'utf8')
    await appendFile(file, complete.slice(0, 40))
    await newJob(ledger)
    await untilSealed(sealer())
    const text = await readFile(file, 'utf8')
    expect(text.startsWith(complete)).toBe(true)
    expect(opened(text.slice(complete.length, -1))).toMatchObject({ size: 2 })
  })
})

describe('a database that is not the one of the last checkpoint', () => {
  const stopped = (message: RegExp) => ({ name: 'SealStoppedError', message: expect.stringMatching(message) })

  it('is not sealed if it was set back', async () => {
    await newJob(ledger)
    await untilSealed(sealer())
    const older = await readFile(file, 'utf8')
    await work(2)
    await untilSealed(sealer())
    const newer = await readFile(file, 'utf8')
    const other = await openTestLedger()
    try {
      await newJob(other)
      const ahead = new Sealer(other, { signer, origin: ORIGIN, intervalSeconds: 0, checkpointFile: file })
      await expect(ahead.seal()).rejects.toMatchObject(
        stopped(
          /^The ledger has 0 leaves, but the last checkpoint of CHECKPOINT_FILE .* has 9: the database was set back/,
        ),
      )
      expect(await readFile(file, 'utf8')).toBe(newer)
      expect(await latestCheckpoint(other)).toBeUndefined()
    } finally {
      await other.close()
    }
    await writeFile(file, older)
    await untilSealed(sealer())
    expect((await readFile(file, 'utf8')).slice(older.length)).toBe(newer.slice(newer.lastIndexOf(`${ORIGIN}\n9\n`)))
  })

  it('is not sealed if a leaf differs', async () => {
    await work(3)
    await untilSealed(sealer())
    await session.query('BEGIN; SET LOCAL session_replication_role = replica')
    await session.query(
      "UPDATE jobledger.seal_tiles SET hashes = overlay(hashes PLACING sha256('x') FROM 33) WHERE level = 0",
    )
    await session.query('COMMIT')
    await work(1)
    await expect(sealer().seal()).rejects.toMatchObject(
      stopped(/^The first 9 leaves of the ledger are not those of the last checkpoint of table/),
    )
  })

  it('is not sealed under another origin or by another key', async () => {
    await newJob(ledger)
    await untilSealed(sealer())
    await newJob(ledger)
    await expect(sealer({ origin: 'example.com/other' }).seal()).rejects.toMatchObject(
      stopped(/^The ledger is sealed as example.com\/jobs, not as example.com\/other \(LEDGER_ORIGIN\)/),
    )
    const another = readPrivateKey(generatePrivateKey(ORIGIN))
    await expect(sealer({ signer: another }).seal()).rejects.toMatchObject(
      stopped(/^The last checkpoint of CHECKPOINT_FILE .* is not one of this log and key/),
    )
    await truncate(file, 0)
    await untilSealed(sealer())
    await expectSealed()
  })
})
