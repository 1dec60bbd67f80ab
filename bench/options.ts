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
    .description('Measures the server beside PostGraphile, pg and pgbench on one database.')
    .option('--jobs <n>', 'size of the data set; 4 records each', numberOption(100, 100_000_000), 100_000)
    .option('--rounds <n>', 'so many alternating rounds', numberOption(1, 1000), 5)
    .option('--seconds <s>', 'how long each contender runs in a round', seconds, 3)
    .option('--callers <n>', 'so many wait for an answer at once, where throughput counts', numberOption(1, 80), 16)
    .option('--depth <n>', 'how deep deep pages are, at most', numberOption(1, 100_000_000), 1_000_000)
    .option('--only <case...>', 'these cases, or those that begin so: job page nested deep filter count create ...', [])
    .option('--requests <n>', 'so many in the case memory', numberOption(10, 1_000_000_000), 1_000_000)
    .option('--out <dir>', 'where the results go', fileURLToPath(new URL('results', import.meta.url)))
    .option('--no-postgraphile', 'without PostGraphile, which is installed on the first run')
    .option('--no-build', 'of the program as it was built last')
    .option('--cpu-prof <dir>', 'the server leaves a profile of itself there; costs some speed')
    .action((options: BenchOptions) => run(options))
}

function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0.1 && value <= 3600) return value
  throw new InvalidArgumentError('It must be a number from 0.1 to 3600.')
}
