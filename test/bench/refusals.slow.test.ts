// What stops the benchmark before it creates anything, reported in one sentence.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { endPrograms, runProgram } from '../support/program.ts'
import { databaseUrl, onServer } from '../support/testRun.ts'

// Starting processes takes time on a loaded machine.
vi.setConfig({ testTimeout: 60_000 })

const JOBS = 301
const NAME = `jobledger_bench_${JOBS}`

afterEach(endPrograms)

describe('npm run bench', () => {
  let out: string
  const serverUrl = (): string => inject('testRun').serverUrl

  beforeAll(() => {
    out = mkdtempSync(join(tmpdir(), 'jobledger-bench-test-'))
    return () => rmSync(out, { recursive: true })
  })

  async function refusal(words: readonly string[], url = serverUrl()): Promise<string> {
    const all = ['--jobs', String(JOBS), '--no-postgraphile', '--no-build', '--out', out, ...words]
    const program = runProgram('bench/bench.ts', { BENCH_DATABASE_URL: url }, all)
    expect(await program.ended, program.stderr()).toMatchObject({ code: 1 })
    expect(program.stdout()).toBe('')
    return program.stderr()
  }

  it('does not touch a foreign database with the name of its data set', async () => {
    const foreign = databaseUrl(serverUrl(), NAME)
    await onServer(serverUrl(), (client) => client.query(`CREATE DATABASE ${NAME}`))
    try {
      await onServer(foreign, (client) => client.query('CREATE TABLE precious AS SELECT 1 AS kept'))
      expect(await refusal(['--only', 'page'])).toMatch(/^The database jobledger_bench_301 exists, but .*\.\n$/)
      const { rows } = await onServer(foreign, (client) => client.query('SELECT kept FROM precious'))
      expect(rows).toEqual([{ kept: 1 }])
    } finally {
      await onServer(serverUrl(), (client) => client.query(`DROP DATABASE ${NAME} WITH (FORCE)`))
    }
  })

  it('reports that its results cannot be written', async () => {
    const file = join(out, 'file')
    writeFileSync(file, '')
    for (const place of [file, join(file, 'below')]) {
      const message = await refusal(['--out', place])
      expect(message).toMatch(/^The results cannot be written into .*\/file(\/below)?: E(EXIST|NOTDIR).*\.\n$/)
    }
  })

  it.each([
    ['is no URL', 'localhost:5432', /^BENCH_DATABASE_URL must be a URL that begins with postgres:.*\.\n$/],
    [
      'is of something else',
      'mysql://root:secret@localhost/',
      /^BENCH_DATABASE_URL must be .* \(got mysql:\/\/\)\..*\n$/,
    ],
    ['leads nowhere', 'postgres://me@localhost:1/', /^The benchmark cannot continue: .*\(ECONNREFUSED\)\.\n$/],
  ])('says in one sentence that BENCH_DATABASE_URL %s', async (_, url, message) => {
    const output = await refusal(['--only', 'page'], url)
    expect(output).toMatch(message)
    expect(output).not.toContain('secret')
  })

  it('reports in one sentence what PostgreSQL refuses', async () => {
    expect(await refusal(['--only', 'page'], databaseUrl(serverUrl(), 'nosuch'))).toBe(
      'The benchmark cannot continue: database "nosuch" does not exist (3D000).\n',
    )
  })

  it('reports an unknown case, even next to known ones', async () => {
    expect(await refusal(['--only', 'everything'])).toBe('There is no case everything.\n')
    expect(await refusal(['--only', 'page', 'nosuch', 'memory', 'filter', 'fil'])).toBe(
      'There is no case nosuch or fil.\n',
    )
  })
})
