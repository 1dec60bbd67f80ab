// The entry `jobledger/ledger` of the built package, for programs that use the ledger without a
// server.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { runProgram } from '../support/program.ts'

let database: TestDatabase
let empty: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  empty = await createTestDatabase({ empty: true })
})

afterAll(async () => {
  await database.drop()
  await empty.drop()
})

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const PAGE = readFileSync(fileOf('docs/migrating-from-python.md'), 'utf8')

/** Runs a module of plain JavaScript that imports the package by its name. */
function runModule(code: string, environment: Record<string, string> = {}): string {
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: fileOf('.'),
    env: { PATH: process.env.PATH, ...environment },
    encoding: 'utf8',
  })
}

describe('examples/ledger.ts', () => {
  it('appears unchanged in the documentation', () => {
    expect(PAGE).toContain(`\`\`\`ts\n${readFileSync(fileOf('examples/ledger.ts'), 'utf8')}\`\`\``)
  })

  it('records the work once, and shows why it does nothing when it runs again', async () => {
    const run = async (): Promise<string> => {
      const example = runProgram('examples/ledger.ts', { DATABASE_URL: database.url })
      expect(await example.ended, example.stderr()).toEqual({ code: 0, signal: null })
      return example.stdout()
    }
    const history = '1 PENDING reports\n2 PROCESSING reports\n3 COMPLETED reports\n'
    expect(await run()).toBe(history)
    expect(await run()).toMatch(new RegExp(`^Job .* is COMPLETED and cannot become PROCESSING.*\\n${history}$`))
  })
})

describe('the package', () => {
  it('exports every function that the documentation names', () => {
    const exported = JSON.parse(
      runModule("import * as all from 'jobledger/ledger'; console.log(JSON.stringify(Object.keys(all)))"),
    )
    const rows = [...PAGE.matchAll(/^\| `\w+` \| (.*?) \|/gm)].map(([, functions]) => functions as string)
    const named = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name))
    expect(rows).toHaveLength(12)
    expect(named.filter((name) => !exported.includes(name))).toEqual([])
  })

  it('reads the state, the history and the result of a job', () => {
    const code = `
      import { connectLedger, createJob, getJobHistory, getJobResult, getJobState, setJobResult } from 'jobledger/ledger'
      const ledger = await connectLedger(process.env.DATABASE_URL)
      const { job } = await createJob(ledger, { userId: 'ada', content: 'x' }, 'reports')
      const before = await getJobResult(ledger, job.id)
      await setJobResult(ledger, { jobId: job.id, actor: 'user:ada', status: 'SUCCESS', output: { pages: 12 } })
      const { output } = await getJobResult(ledger, job.id)
      const { rows } = await getJobHistory(ledger, job.id)
      const unknown = await getJobState(ledger, '00000000-0000-7000-8000-000000000000')
      console.log(JSON.stringify({ state: await getJobState(ledger, job.id), before, output, rows: rows.length, unknown }))
      await ledger.close()`
    expect(JSON.parse(runModule(code, { DATABASE_URL: database.url }))).toEqual({
      state: 'PENDING',
      before: null,
      output: { pages: 12 },
      rows: 1,
      unknown: null,
    })
  })

  it('refuses a database without the schema, and leaves no connection open', () => {
    const code = `
      import { connectLedger, MigrationError } from 'jobledger/ledger'
      const error = await connectLedger(process.env.DATABASE_URL).catch((thrown) => thrown)
      console.log(error instanceof MigrationError, error.message)`
    expect(runModule(code, { DATABASE_URL: empty.url })).toMatch(/^true The database schema is behind; run /)
  })
})
