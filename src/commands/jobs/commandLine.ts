// The command line of `jobledger jobs`. The code of each command is loaded on demand.
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { runCommand } from '../runCommand.ts'
import type { BulkKind, BulkOptions } from './bulk.ts'
import type { BulkOutcomesOptions } from './bulkOutcomes.ts'
import type { ChangeJobsOptions } from './changeJobs.ts'
import type { ListJobsOptions, ShowJobOptions } from './readJobs.ts'

/** An option for the endpoint of the server. */
type Endpoint = () => Option

export function addJobsCommands(program: Command, endpoint: Endpoint): void {
  const jobs = program.command('jobs').description('find jobs, and cancel, retry or delete them, through a server')
  addReading(jobs, endpoint)
  addChanges(jobs, endpoint)
  addBulk(jobs, endpoint)
}

function addReading(jobs: Command, endpoint: Endpoint): void {
  withFilter(jobs.command('list').description('print jobs, newest first'))
    .option('--limit <number>', 'maximum number of jobs', count, 20)
    .addOption(
      new Option('--order <time>', 'order by this time')
        .choices(['created', 'updated', 'completed'])
        .default('created'),
    )
    .option('--oldest-first', 'reverse the order', false)
    .addOption(json())
    .addOption(endpoint())
    .action((options: ListJobsOptions) => runCommand(async () => (await import('./readJobs.ts')).listJobs(options)))

  jobs
    .command('show')
    .description('print a job with its history and result')
    .argument('<id>', 'the job')
    .addOption(json())
    .addOption(endpoint())
    .action((id: string, options: ShowJobOptions) =>
      runCommand(async () => (await import('./readJobs.ts')).showJob(id, options)),
    )
}

function addChanges(jobs: Command, endpoint: Endpoint): void {
  for (const [action, description] of [
    ['cancel', 'cancel waiting jobs, and ask the workers of running jobs to stop'],
    ['retry', 'return failed jobs to the queue'],
  ] as const) {
    jobs
      .command(action)
      .description(description)
      .argument('<id...>', 'the jobs')
      .option('--reason <text>', 'the reason to store in the records')
      .addOption(json())
      .addOption(endpoint())
      .action((ids: string[], options: ChangeJobsOptions) =>
        runCommand(async () => (await import('./changeJobs.ts')).changeJobs(action, ids, options)),
      )
  }
}

function addBulk(jobs: Command, endpoint: Endpoint): void {
  withFilter(
    jobs
      .command('bulk')
      .description('change all jobs that match: a dry run, unless --confirm gives the number that it showed')
      .addArgument(new Argument('<action>', 'what to do with each job').choices(['cancel', 'retry', 'delete'])),
  )
    .requiredOption('--reason <text>', 'the reason to store in the records')
    .option('--confirm <count>', 'start it, if exactly this many jobs match', count)
    .option('--no-wait', 'do not wait for its end')
    .addOption(json())
    .addOption(endpoint())
    .action((kind: BulkKind, options: BulkOptions) =>
      runCommand(async () => (await import('./bulk.ts')).bulk(kind, options)),
    )

  jobs
    .command('outcomes')
    .description('print what a bulk action did with each of its jobs')
    .argument('<id>', 'the bulk action')
    .addOption(
      new Option('--outcome <outcome>', 'only jobs with this outcome').choices(['done', 'refused', 'not-processed']),
    )
    .option('--limit <number>', 'maximum number of jobs (default: all)', count)
    .addOption(json())
    .addOption(endpoint())
    .action((id: string, options: BulkOutcomesOptions) =>
      runCommand(async () => (await import('./bulkOutcomes.ts')).bulkOutcomes(id, options)),
    )

  jobs
    .command('abort')
    .description('end a running bulk action after its current batch')
    .argument('<id>', 'the bulk action')
    .addOption(json())
    .addOption(endpoint())
    .action((id: string, options: Pick<BulkOptions, 'json' | 'url'>) =>
      runCommand(async () => (await import('./bulk.ts')).abortBulk(id, options)),
    )
}

/** Adds the options that select jobs. */
function withFilter(command: Command): Command {
  command
    .option('--id <id...>', 'only these jobs')
    .option('--user <id>', 'only jobs of this user')
    .option('--state <state...>', 'only jobs in one of these states')
    .option('--not-state <state...>', 'only jobs in none of these states')
    .option('--preset <preset...>', 'only jobs with one of these presets')
    .option('--not-preset <preset...>', 'only jobs with none of these presets')
    .option('--actor <actor>', 'only jobs whose latest transition was made by this actor')
  for (const what of ['created', 'started', 'updated', 'completed']) {
    command
      .option(`--${what}-after <instant>`, `only jobs ${what} at or after this date or instant`)
      .option(`--${what}-before <instant>`, `only jobs ${what} before this date or instant`)
  }
  return command
    .option('--metadata <json>', 'only jobs whose metadata contains this JSON object')
    .option('--include-deleted', 'include deleted jobs', false)
}

/** @throws InvalidArgumentError */
function count(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be an integer from 0 to 999999999.')
}

function json(): Option {
  return new Option('--json', 'print JSON').default(false)
}
