// The case `memory` of the benchmark: its table comes from correct responses, and what counts as
// flat.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, it } from 'vitest'
import type { CaseResult } from '../../bench/benchCase.ts'
import type { MemoryResult } from '../../bench/memory.ts'
import { flatness } from '../../bench/memoryReport.ts'
import { BENCH_USER } from '../../bench/writtenJobs.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { databaseUrl, onServer } from '../support/testRun.ts'

const JOBS = 200
const REQUESTS = 400

afterEach(endPrograms)

describe('npm run bench -- --only memory', () => {
  const out = mkdtempSync(join(tmpdir(), 'jobledger-memory-test-'))
  const serverUrl = (): string => inject('testRun').serverUrl
  const name = `jobledger_bench_${JOBS}`

  afterEach(async () => {
    rmSync(out, { recursive: true })
    await onServer(serverUrl(), (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  })

  // Starting processes takes time on a loaded machine.
  it('sends requests of all kinds, reports memory at ten steps, and leaves the data set unchanged', {
    timeout: 180_000,
  }, async () => {
    const words = `--jobs ${JOBS} --requests ${REQUESTS} --callers 4 --no-postgraphile --no-build --only memory --out`
    const environment = { BENCH_DATABASE_URL: serverUrl() }
    const program = runProgram('bench/bench.ts', environment, [...words.split(' '), out])
    expect(await program.ended, program.stderr() + program.stdout()).toMatchObject({ code: 0 })

    const { results, memory } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as {
      results: CaseResult[]
      memory: MemoryResult
    }
    expect([results, memory.faults]).toEqual([[], []])
    expect(memory.steps.map(({ requests }) => requests)).toEqual([40, 80, 120, 160, 200, 240, 280, 320, 360, 400])
    for (const { rss, heapUsed, external } of memory.steps) {
      expect(external).toBeGreaterThan(0)
      expect(heapUsed).toBeGreaterThan(external)
      expect(rss).toBeGreaterThan(heapUsed)
    }
    expect(Object.values(memory.mix).reduce((sum, percent) => sum + percent)).toBe(100)
    const table = readFileSync(join(out, 'results.md'), 'utf8')
    expect(table).toMatch(/\| 400 \| \d+\.\d \| \d+\.\d \| \d+\.\d \|/)
    expect(table).toMatch(/flat: the heap grew by -?\d+\.\d MB, where up to \d+\.\d MB are noise/)

    const left = await onServer(databaseUrl(serverUrl(), name), (client) =>
      client.query<{ jobs: number; written: number }>(
        'SELECT count(*)::int AS jobs, count(*) FILTER (WHERE user_id = $1)::int AS written FROM jobs',
        [BENCH_USER],
      ),
    )
    expect(left.rows).toEqual([{ jobs: JOBS, written: 0 }])
  })
})

describe('memory', () => {
  const steps = (heaps: readonly number[]) =>
    heaps.map((megabytes, index) => ({ requests: (index + 1) * 1000, heapUsed: megabytes * 2 ** 20 }))

  it.each([
    ['is even', [50, 50, 50, 50, 50, 50, 50, 50, 50, 50]],
    ['goes up and down', [50, 50, 52, 49, 51, 50, 51, 49, 52, 50]],
    ['grows until caches are full', [20, 40, 50, 51, 50, 50, 51, 50, 50, 51]],
    ['grows by less than 2 %', [50, 50, 50, 50, 50, 50, 50.9, 50.9, 50.9, 50.9]],
    ['falls', [60, 59, 58, 57, 56, 55, 54, 53, 52, 51]],
  ])('that %s is flat', (_, heaps) => {
    expect(flatness(steps(heaps))).toMatchObject({ isFlat: true })
  })

  it.each([
    ['grows all the time', [50, 51, 52, 53, 54, 55, 56, 57, 58, 59]],
    ['grows all the time, up and down', [50, 52, 51, 53, 52, 54, 55, 57, 56, 58]],
    ['begins to grow late', [50, 50, 50, 50, 50, 50, 52, 54, 56, 58]],
  ])('that %s is not', (_, heaps) => {
    expect(flatness(steps(heaps))).toMatchObject({ isFlat: false })
  })

  it('has no verdict after too few steps', () => {
    expect(flatness(steps([50, 60, 70]))).toBeUndefined()
    expect(flatness([])).toBeUndefined()
  })
})
