// Other files in the spool of `jobledger run` are left alone, and links are not followed.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { endedRun, type RunRecord } from '../../src/commands/run/runRecord.ts'
import { Spool } from '../../src/commands/run/spool.ts'
import { endRuns, startRun } from './run/runProcess.ts'
import { type Fate, startUnreliableServer, type UnreliableServer } from './run/unreliableServer.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let server: UnreliableServer
const dir = mkdtempSync(join(tmpdir(), 'jobledger-spool-files-'))
let spool: string
let environment: Record<string, string>

beforeAll(async () => {
  server = await startUnreliableServer()
  // The first requests are slow, and a run does not wait long.
  await server.request('{ jobCount }')
})

beforeEach((context) => {
  spool = join(dir, context.task.id, 'spool')
  environment = { JOBLEDGER_URL: server.endpoint, JOBLEDGER_SPOOL: spool }
})

afterEach(async () => {
  await endRuns()
  server.clear()
})

afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true })
})

const cut = (): Fate => 'cut'

const jobs = (preset: string) => server.ledger.prisma.job.findMany({ where: { preset } })

const filesIn = (place: string): string[] => readdirSync(place, { withFileTypes: true }).map(({ name }) => name)

/** A valid name of a spool file. */
const nameOf = (digit: number): string => `20260101T00000000${digit}Z-00000000-0000-4000-8000-000000000000.json`

/** Stores outcomes in the spool, as runs without a server do. */
async function fill(count: number, preset: string): Promise<void> {
  const place = new Spool(spool)
  for (let left = count; left > 0; left -= 1) await place.putBack(await place.add(outcome(preset)))
}

function outcome(preset: string): RunRecord {
  const instant = new Date().toISOString()
  const begun = { key: randomUUID(), url: server.endpoint, content: 'true', preset, host: 'h', startedAt: instant }
  const output = { exitCode: 0, signal: null, stdout: '', stderr: '' }
  const end = { endedAt: instant, processingTimeMs: 1, errorMessage: null, timedOut: false, reason: 'exit code 0' }
  return endedRun(begun, { ...end, output })
}

it('keeps outcomes for another server, and moves invalid files away', async () => {
  await fill(1, 'elsewhere')
  const [file = ''] = filesIn(spool)
  const record = JSON.parse(readFileSync(join(spool, file), 'utf8'))
  writeFileSync(join(spool, file), JSON.stringify({ ...record, url: 'http://elsewhere.example/graphql' }))
  const broken = nameOf(0)
  writeFileSync(join(spool, broken), '{"format":1')
  writeFileSync(join(spool, `${randomUUID()}.writing.999999999-0123456789abcdef`), '{"for')
  const { code, stderr } = await startRun(['true'], { environment }).ended
  const aside = join(spool, 'refused', broken)
  expect([code, stderr]).toEqual([
    0,
    `jobledger run: a spool file does not contain an outcome; it was moved to ${aside}.\n`,
  ])
  expect(filesIn(spool).sort()).toEqual([file, 'refused'])
  expect([filesIn(join(spool, 'refused')), await jobs('elsewhere')]).toEqual([[broken], []])
})

it('does not touch files with other names', async () => {
  await fill(1, 'project')
  const id = randomUUID()
  const names = ['package.json', 'a.claimed.999999999-00', `${id}.json`, `${id}.writing.999999999-00`, `x${nameOf(1)}`]
  for (const name of names) writeFileSync(join(spool, name), '{}')
  expect(await startRun(['true'], { environment }).ended).toMatchObject({ code: 0, stderr: '' })
  expect(filesIn(spool).sort()).toEqual(names.sort())
  expect((await jobs('project')).map(({ state }) => state)).toEqual(['COMPLETED'])
})

it('does not follow links to outcomes or directories', async () => {
  const outside = join(dir, 'outside')
  const place = new Spool(outside)
  await place.putBack(await place.add(outcome('linked')))
  const [file = ''] = filesIn(outside)
  mkdirSync(spool, { recursive: true, mode: 0o700 })
  const link = join(spool, file)
  symlinkSync(join(outside, file), link)
  const first = await startRun(['true'], { environment }).ended
  expect([first.code, first.stderr]).toEqual([
    0,
    `jobledger run: ${link} cannot be delivered: it is a symbolic link.\n`,
  ])
  rmSync(spool, { recursive: true })
  symlinkSync(outside, spool)
  server.decide(cut)
  const second = await startRun(['true'], { environment }).ended
  expect([second.code, second.stderr]).toEqual([
    0,
    expect.stringContaining(`The spool ${spool} must be a directory, not a link or a file.`),
  ])
  expect([filesIn(outside), await jobs('linked')]).toEqual([[file], []])
})

it('delivers the rest after an entry that is not a file, which is reported and left alone', async () => {
  await fill(2, 'past')
  const names = [nameOf(0), nameOf(1)].map((name) => join(spool, name))
  const [directory = '', pipe = ''] = names
  mkdirSync(directory)
  execFileSync('mkfifo', [pipe])
  const { code, stderr } = await startRun(['true'], { environment }).ended
  const sentences = names.map((path) => `jobledger run: ${path} cannot be delivered: it is not a regular file.\n`)
  expect([code, stderr]).toEqual([0, sentences.join('')])
  expect(filesIn(spool).sort()).toEqual([nameOf(0), nameOf(1)])
  expect((await jobs('past')).map(({ state }) => state)).toEqual(['COMPLETED', 'COMPLETED'])
})
