// The benchmark, `npm run bench`. Builds a data set, starts the server as in production, sends
// requests over HTTP, and compares the speed with alternatives, measured alternately on the same
// machine and the same database:
//   typename, job, page, nested, deep-page  reading, compared with PostGraphile
//   deep-*                            a deep page of each ordered list, compared with its first
//                                     page
//   filter-*                          the first page of each filter
//   count-*                           counts, compared with count(*)
//   create, transition, batch, claim  writing, compared with the same by pg and by pgbench
//   subscribers, event-delay          writers with 1,000 waiting subscribers, compared with writers
//                                     alone; the delay of an event
//   neighbours                        only if named: what one caller does to another
//   memory                            only if named: memory after --requests requests of all kinds
// Every response is checked. A wrong one means no ratio. BENCH_DATABASE_URL names a server on which
// databases may be created (the next run reuses them). Without it, an embedded server runs, whose
// data is kept if BENCH_DATA_DIR says where. Results: a table, and in --out the files results.json
// and results.md.
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
import { caveats, markdown, type RunFacts, rowsOf, textTable, wrongResponses } from './report.ts'
import { prepareResults, writeResults } from './resultFiles.ts'
import { openServers } from './servers.ts'
import { userMessage } from './userMessage.ts'
import { removeWritten } from './writtenJobs.ts'

/** The cases that run only if named. */
const [MEMORY, NEIGHBOURS] = ['memory', 'neighbours']

async function main(options: BenchOptions): Promise<void> {
  // Exit handlers end the started programs. The next run removes written rows.
  void nextSignal().then((signal) => process.exit(exitCodeOf(signal)))
  try {
    requireCases(casesOf(options))
    prepareResults(options.out)
    if (options.build) build()
    const database = await openBenchDatabase(options.jobs, console.log)
    await bench(database, options).finally(() => database.close())
  } catch (error) {
    process.exitCode = 1
    console.error(userMessage(error))
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
    const results = isApartAlone ? [] : await measureAll(client, database, { ...options, only })
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

async function measureAll(
  client: pg.Client,
  { url: databaseUrl, isHere }: BenchDatabase,
  options: BenchOptions,
): Promise<CaseResult[]> {
  const { callers, depth, jobs, only } = options
  const settings = { client, callers, depth: deepest(depth, jobs), jobs, only, hasPgbench: await hasPgbench() }
  const server = { databaseUrl, callers, isCompared: options.postgraphile }
  console.log('Counting statements.')
  const statements = await countStatements(settings, server)
  const servers = await openServers({ ...server, profileDir: options.cpuProf && resolve(options.cpuProf) })
  try {
    const results: CaseResult[] = []
    const all: CaseSettings = { ...settings, ...servers }
    for (const make of await allCases(all)) {
      const benchCase = await make()
      const result = await measureCase(benchCase, options, {
        statements: statements.get(benchCase.name),
        client: isHere ? client : undefined,
      })
      results.push(result)
      console.log(`\n${result.name}: ${result.title}\n${textTable(rowsOf(result))}`)
      for (const line of wrongResponses([result])) console.log(line)
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

/** Excludes the cases that run only if named. */
function casesOf({ only }: BenchOptions): string[] {
  return only.filter((name) => name !== MEMORY && name !== NEIGHBOURS)
}

/** A full page must follow. */
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
