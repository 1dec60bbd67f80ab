// The load test, `npm run load`: jobs are created, claimed by several workers and completed, over
// HTTP, for a given time. Prints the number of jobs and the latencies. Fails unless every job has
// exactly the expected records.
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import { Command } from 'commander'
import { nextSignal } from '../src/commands/nextSignal.ts'
import { accountFaults, accountsByApi, accountsBySql } from './accounts.ts'
import { LoadClient, LoadError } from './loadClient.ts'
import { numberOption } from './numberOption.ts'
import { ServerStartError } from './serverProcess.ts'
import { existingTarget, openOwnTarget, type Target } from './target.ts'
import { Traffic, type TrafficSettings } from './traffic.ts'

interface LoadOptions extends TrafficSettings {
  readonly url?: string
  readonly user?: string
}

const MAX_FAULTS = 20

const program = new Command('npm run load --')
  .description('Sends load to a new server with its own process and database, or to an existing server.')
  .option('--seconds <n>', 'duration of the load', numberOption(1, 86_400), 20)
  .option(
    '--creators <n>',
    'number of creators; each creates a batch, then a single job, repeatedly',
    numberOption(1, 1000),
    2,
  )
  .option('--batch <n>', 'number of jobs in a batch', numberOption(1, 1000), 50)
  .option('--workers <n>', 'number of workers', numberOption(1, 1000), 4)
  .option('--concurrency <n>', 'number of jobs that a worker completes at once', numberOption(1, 1000), 4)
  .option('--claim <n>', 'number of jobs that a worker claims at once', numberOption(1, 100), 20)
  .option('--backlog <n>', 'creators wait while this many jobs are not completed', numberOption(1, 10_000_000), 1000)
  .option('--url <endpoint>', 'endpoint of an existing server, which keeps the jobs; JOBLEDGER_TOKEN is the credential')
  .option('--user <id>', 'user id of the jobs (default: the caller)')
  .action((options: LoadOptions) => main(options))

async function main(options: LoadOptions): Promise<void> {
  const stop = new AbortController()
  void nextSignal().then(() => {
    process.exitCode = 130
    stop.abort()
  })
  try {
    const target = options.url === undefined ? await openOwnTarget() : existingTarget(options.url)
    await load(target, options, stop.signal).finally(() => target.close())
  } catch (error) {
    process.exitCode = 1
    console.error(error instanceof LoadError || error instanceof ServerStartError ? error.message : error)
  }
}

async function load(target: Target, options: LoadOptions, stop: AbortSignal): Promise<void> {
  const run = `load-${randomBytes(5).toString('hex')}`
  const client = new LoadClient({
    endpoint: target.endpoint,
    token: process.env.JOBLEDGER_TOKEN,
    user: options.user,
    run,
  })
  const traffic = new Traffic(client, options)
  console.log(`${options.seconds} s of load on ${target.described}: jobs of preset ${run}.`)
  await traffic.run(stop)
  report(traffic)
  await verify(target, { client, traffic, run })
}

function report({ inTime, elapsedSeconds, latencies }: Traffic): void {
  const perMinute = (jobs: number): number => Math.round((jobs / elapsedSeconds) * 60)
  console.log(`\nIn ${elapsedSeconds.toFixed(1)} s:`)
  console.table(
    Object.fromEntries(
      Object.entries(inTime).map(([what, jobs]) => [what, { jobs, 'jobs per minute': perMinute(jobs) }]),
    ),
  )
  console.log('\nDurations:')
  console.table({
    'to create one': latencies.createOne.figures,
    'to create a batch': latencies.createBatch.figures,
    'to claim': latencies.claim.figures,
    'to complete': latencies.complete.figures,
    'from creation to completion': latencies.creationToCompletion.figures,
  })
}

async function verify(
  { databaseUrl }: Target,
  { client, traffic, run }: { client: LoadClient; traffic: Traffic; run: string },
): Promise<void> {
  const { created, completed } = traffic.counts
  const { accounts, faults } =
    databaseUrl === undefined
      ? { accounts: await accountsByApi(client, run), faults: [] }
      : await accountsBySql(databaseUrl, run)
  const wrong = [...accountFaults(accounts, { completed, waiting: created - completed }), ...faults]
  if (wrong.length > 0) throw new LoadError(`The accounts are wrong:\n${wrong.slice(0, MAX_FAULTS).join('\n')}`)
  console.log(
    `\nEach of the ${completed} completed jobs has exactly the records PENDING, PROCESSING, COMPLETED and one result.`,
  )
  if (created > completed) console.log(`Each of the ${created - completed} waiting jobs has only the record PENDING.`)
}

await program.parseAsync()
