// The command line of the benchmark.
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { numberOption } from '../load/numberOption.ts'

export interface BenchOptions {
  readonly jobs: number
  readonly rounds: number
  readonly seconds: number
  readonly callers: number
  readonly depth: number
  readonly only: readonly string[]
  readonly requests: number
  readonly out: string
  readonly postgraphile: boolean
  readonly build: boolean
  readonly cpuProf?: string
}

export function benchProgram(run: (options: BenchOptions) => Promise<void>): Command {
  return new Command('npm run bench --')
    .description('Compares the server with PostGraphile, pg and pgbench on one database.')
    .option('--jobs <n>', 'number of jobs in the data set; each has 4 records', numberOption(100, 100_000_000), 100_000)
    .option('--rounds <n>', 'number of alternating rounds', numberOption(1, 1000), 5)
    .option('--seconds <s>', 'duration of each contender in a round', seconds, 3)
    .option(
      '--callers <n>',
      'number of concurrent requests in the cases that measure throughput',
      numberOption(1, 80),
      16,
    )
    .option('--depth <n>', 'maximum number of rows before a deep page', numberOption(1, 100_000_000), 1_000_000)
    .option(
      '--only <case...>',
      'only these cases, or those whose names start like this: job page nested deep filter count create ...',
      [],
    )
    .option('--requests <n>', 'number of requests of the case memory', numberOption(10, 1_000_000_000), 1_000_000)
    .option('--out <dir>', 'folder for the results', fileURLToPath(new URL('results', import.meta.url)))
    .option('--no-postgraphile', 'omit PostGraphile, which the first run installs')
    .option('--no-build', 'use the last build of the server')
    .option('--cpu-prof <dir>', 'folder in which the server writes a CPU profile; makes it slower')
    .action((options: BenchOptions) => run(options))
}

function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0.1 && value <= 3600) return value
  throw new InvalidArgumentError('It must be a number from 0.1 to 3600.')
}
