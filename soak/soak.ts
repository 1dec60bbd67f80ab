// The long form of the kill tests, `npm run soak`: rounds for ten minutes, one line for each, and a
// verdict.
import { randomInt } from 'node:crypto'
import process from 'node:process'
import { Command } from 'commander'
import { numberOption } from '../load/numberOption.ts'
import { nextSignal } from '../src/commands/nextSignal.ts'
import { POSTGRES_KILLS as POSTGRES_WAYS } from './killablePostgres.ts'
import { type RoundSummary, Trial } from './trial.ts'

interface SoakOptions {
  readonly minutes: number
  readonly seed: number
  readonly verbose: boolean
}

const ROUND = { jobs: 2000, serverKills: 4, postgresKills: 2, bothKills: 1, workerKills: 8, downMs: 8000 }

const SERVER_KILLS = ROUND.serverKills + ROUND.bothKills
const POSTGRES_KILLS = ROUND.postgresKills * POSTGRES_WAYS.length + ROUND.bothKills

const program = new Command('npm run soak --')
  .description('Kills workers, the server and PostgreSQL under load, and checks that nothing is lost.')
  .option('--minutes <n>', 'duration; the last round is completed', numberOption(1, 100_000), 10)
  .option(
    '--seed <n>',
    'another number kills at other times (default: random)',
    numberOption(0, 1_000_000),
    randomInt(1_000_000),
  )
  .option('--verbose', 'print each kill, and how often the server logged each message', false)
  .action((options: SoakOptions) => main(options))

async function main({ minutes: duration, seed, verbose }: SoakOptions): Promise<void> {
  const stop = new AbortController()
  void nextSignal().then(() => {
    process.exitCode = 130
    stop.abort(new Error('Interrupted.'))
  })
  console.log(`${duration} minutes of rounds with ${ROUND.jobs} jobs each; the seed is ${seed}.`)
  const trial = await Trial.open({ seed, ...(verbose && { report: console.log }) })
  try {
    const rounds = await runRounds(trial, duration, stop.signal)
    await trial.close()
    if (trial.faults.length === 0) console.log(`Passed ${rounds} rounds: ${PASSED}`)
  } catch (error) {
    process.exitCode ??= 1
    console.error(stop.signal.aborted ? 'Interrupted.' : error)
  }
  if (verbose) console.table([...trial.messageCounts].map(([message, times]) => ({ message, times })))
  for (const fault of trial.faults) console.error(fault)
  if (trial.faults.length > 0) process.exitCode = 1
  if (process.exitCode) console.error(`Not passed; the seed was ${seed}.`)
  // Ends an interrupted round with the process.
  process.exit()
}

const PASSED =
  'no job was lost, none was completed twice, every history is complete, and the server always recovered by itself.'

async function runRounds(trial: Trial, duration: number, signal: AbortSignal): Promise<number> {
  const until = performance.now() + duration * 60_000
  let rounds = 0
  do {
    const summary = await trial.round(ROUND, signal)
    rounds += 1
    console.log(lineOf(rounds, summary))
  } while (performance.now() < until && trial.faults.length === 0)
  return rounds
}

function lineOf(round: number, { jobs, seconds, recoveriesMs, retries }: RoundSummary): string {
  return (
    `round ${round}: ${jobs} jobs in ${seconds} s, all completed; server killed ` +
    `${SERVER_KILLS} times, PostgreSQL ${POSTGRES_KILLS} times, ` +
    `workers ${ROUND.workerKills} times; served again within ${Math.max(...recoveriesMs)} ` +
    `ms; ${retries} requests sent again`
  )
}

await program.parseAsync()
