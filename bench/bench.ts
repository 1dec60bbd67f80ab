// The benchmark, `npm run bench`: builds a data set, starts the server as in production, drives it over HTTP, and tells how fast it is
// beside what a user could take instead, measured alternately on the same machine and the same database:
//   job, page, nested, deep-page      reading, beside PostGraphile
//   deep-*                            a deep page of each ordered list, beside its first page
//   filter-*                          the first page of each filter
//   count-*                           counts, beside count(*)
//   create, transition, batch, claim  writing, beside the same by pg and by pgbench
//   subscribers, event-delay          writers while 1,000 subscribers wait, beside writers alone; how long an event takes
//   neighbours                        only where it is named: what one caller does to another
//   memory                            only where it is named: what the server holds after --requests requests of all kinds
// Every answer is looked at, and where one was wrong there is no ratio. BENCH_DATABASE_URL names a server on which databases may be
// made (they stay there for the next run); without it there is an embedded one, which stays if BENCH_DATA_DIR says where. Results: a
// table, and in --out the files results.json and results.md.
import { spawnSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { exitCodeOf, nextSignal } from '../src/commands/nextSignal.ts'
import { type CaseResult, measureCase } from './benchCase.ts'
import { type BenchDatabase, openBenchDatabase } from './benchDatabase.ts'
import { BenchError } from './benchError.ts'
import { allCases, type CaseSettings, requireCases } from './cases/allCases.ts'
import { countStatements } from './countStatements.ts'
import { type MemoryResult, type MemoryStep, measureMemory } from './memory.ts'
import { memoryMarkdown, memoryText } from './memoryReport.ts'
import { measureNeighbours, type NeighboursResult, neighboursMarkdown } from './neighbours.ts'
import { type BenchOptions, benchProgram } from './options.ts'
import { hasPgbench } from './pgbench.ts'
import { caveats, markdown, type RunFacts, rowsOf, textTable, wrongAnswers } from './report.ts'
import { prepareResults, writeResults } from './resultFiles.ts'
import { openServers } from './servers.ts'
import { toldOf } from './toldOf.ts'
import { removeWritten } from './writtenJobs.ts'

/** The cases apart. */
const [MEMORY, NEIGHBOURS] = ['memory', 'neighbours']

async function main(options: BenchOptions): Promise<void> {
  // Whoever was started is ended by its handler of the exit; what was written goes when the next run begins.
  void nextSignal().then((signal) => process.exit(exitCodeOf(signal)))
  try {
    requireCases(casesOf(options))
    prepareResults(options.out)
    if (options.build) build()
    const database = await openBenchDatabase(options.jobs, console.log)
    await bench(database, options).finally(() => database.close())
  } catch (error) {
    process.exitCode = 1
    console.error(toldOf(error))
  }
}

function build(): void {
  const checkout = fileURLToPath(new URL('..', import.meta.url))
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: checkout, stdio: 'inherit' })
  if (status !== 0) throw new BenchError('The server could not be built.')
}

async function bench(database: BenchDatabase, options: BenchOptions): Promise<void> {
  const client = new pg.Client({ connectionString: database.url, options: '-c TimeZone=UTC' })
  client.on('error', () => undefined) // The query in progress rejects as well.
  await client.connect()
  try {
    const facts = factsOf(database, options)
    console.log(`${facts.machine}; Node ${facts.node}; ${facts.database}`)
    const only = casesOf(options)
    const isApartAlone = options.only.length > 0 && only.length === 0
    const results = isApartAlone ? [] : await measureAll(client, database.url, { ...options, only })
    const memory = options.only.includes(MEMORY) ? await memoryOf(client, database.url, options) : undefined
    const neighbours = options.only.includes(NEIGHBOURS) ? await neighboursOf(client, database.url, options) : undefined
    const tables = [
      ...(memory ? [memoryMarkdown(memory)] : []),
      ...(neighbours ? [neighboursMarkdown(neighbours)] : []),
    ]
    writeResults(options.out, {
      'results.json': `${JSON.stringify({ facts, results, memory, neighbours }, null, 2)}\n`,
      'results.md': markdown(facts, results, tables),
    })
    console.log(`\nThe tables are in ${options.out}.`)
    const apart = [memory, neighbours].filter((one) => one !== undefined)
    if ([...results, ...apart].some(({ faults }) => faults.length > 0)) process.exitCode = 1
  } finally {
    await removeWritten(client)
    await client.end()
  }
}

async function measureAll(client: pg.Client, databaseUrl: string, options: BenchOptions): Promise<CaseResult[]> {
  const { callers, depth, only } = options
  const settings = { client, callers, depth: deepest(depth, options.jobs), only, hasPgbench: await hasPgbench() }
  const server = { databaseUrl, callers, isCompared: options.postgraphile }
  console.log('Counting statements.')
  const statements = await countStatements(settings, server)
  const servers = await openServers({ ...server, profileDir: options.cpuProf && resolve(options.cpuProf) })
  try {
    const results: CaseResult[] = []
    const all: CaseSettings = { ...settings, ...servers }
    for (const make of await allCases(all)) {
      const benchCase = await make()
      const result = await measureCase(benchCase, options, statements.get(benchCase.name) ?? new Map())
      results.push(result)
      console.log(`\n${result.name}: ${result.title}\n${textTable(rowsOf(result))}`)
      for (const line of wrongAnswers([result])) console.log(line)
    }
    for (const line of caveats(options)) console.log(`\n${line}`)
    return results
  } finally {
    await servers.close()
  }
}

async function memoryOf(
  client: pg.Client,
  databaseUrl: string,
  { callers, requests }: BenchOptions,
): Promise<MemoryResult> {
  const onStep = ({ requests: sent }: MemoryStep): void => console.log(`memory: ${sent} of ${requests} requests`)
  const result = await measureMemory({ databaseUrl, client, callers, requests, onStep })
  console.log(`\n${memoryText(result)}`)
  for (const fault of result.faults) console.log(`WRONG: ${fault}`)
  return result
}

async function neighboursOf(
  client: pg.Client,
  databaseUrl: string,
  { seconds }: BenchOptions,
): Promise<NeighboursResult> {
  const result = await measureNeighbours({ databaseUrl, client, seconds })
  console.log(`\n${neighboursMarkdown(result)}`)
  return result
}

/** Without the cases apart. */
function casesOf({ only }: BenchOptions): string[] {
  return only.filter((name) => name !== MEMORY && name !== NEIGHBOURS)
}

/** A whole page has to follow. */
function deepest(depth: number, jobs: number): number {
  return Math.min(depth, jobs - 50)
}

function factsOf({ described }: BenchDatabase, { jobs, rounds, seconds, callers }: BenchOptions): RunFacts {
  const [cpu] = cpus()
  const machine = `${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`
  const date = new Date().toISOString().slice(0, 10)
  return { date, machine, node: process.versions.node, database: described, jobs, rounds, seconds, callers }
}

await benchProgram(main).parseAsync()
