#!/usr/bin/env node
// The command line: names, arguments and one line of help for each command. The code of a command
// is in commands/ and is loaded on demand, so that a cron job does not load the server.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import type { CreateApiKeyOptions } from './commands/apiKey.ts'
import { commandOutput } from './commands/commandOutput.ts'
import type { DemoOptions } from './commands/demo.ts'
import type { GrantsOptions } from './commands/grants.ts'
import type { MaintainOptions } from './commands/maintain.ts'
import type { MigrateDownOptions } from './commands/migrateDown.ts'
import { CANNOT_RUN } from './commands/program/usageError.ts'
import type { SetUpPubSubOptions } from './commands/pubSub.ts'
import type { PurgeOptions } from './commands/purge.ts'
import type { RollUpCommandOptions } from './commands/rollUp.ts'
import type { Command as ProgramCommand, RunOptions } from './commands/run.ts'
import { runCommand } from './commands/runCommand.ts'
import type { SeedOptions } from './commands/seed.ts'
import type { TailOptions } from './commands/tail.ts'
import type { WorkerCommandOptions } from './commands/worker.ts'
import { DEFAULT_URL } from './config/defaultUrl.ts'
import { PACKAGE_ROOT } from './database/packageRoot.ts'

const program = new Command('jobledger').description(
  'A durable ledger of jobs. Settings are read from the environment; see docs/configuration.md.',
)
const output = commandOutput(program)
// Arguments after the name of a command belong to it: `run` passes them on.
program.enablePositionalOptions()
program.version(packageVersion(), '--version', 'print the version')

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }
  return version
}

/** An option that can be repeated. */
function passEnv(): Option {
  return new Option(
    '--pass-env <name>',
    'pass on a variable that is kept from programs otherwise, such as DATABASE_URL',
  )
    .argParser((name: string, names: readonly string[]) => [...names, name])
    .default([], 'none')
}

/** Options of the commands that are clients of a server. */
function endpoint(): Option {
  return new Option(
    '--url <url>',
    `the endpoint of the server (default: JOBLEDGER_URL, or ${DEFAULT_URL}); the credential is JOBLEDGER_TOKEN, or in the file JOBLEDGER_TOKEN_FILE`,
  )
}

program
  .command('start')
  .description('run the server')
  .action(() => runCommand(async () => (await import('./commands/start.ts')).start()))

program
  .command('studio')
  .description('look at the tables with Prisma Studio')
  .argument('[options...]', 'options of `prisma studio`, e.g. --port 5555 --browser none')
  .allowUnknownOption()
  .action((options: string[]) => runCommand(async () => (await import('./commands/studio.ts')).studio(options)))

program
  .command('migrate-down')
  .description('take back the latest migration; asks first, for rows may be lost')
  .option('--yes', 'do not ask', false)
  .option('--force', 'also while servers are connected', false)
  .action((options: MigrateDownOptions) =>
    runCommand(async () => (await import('./commands/migrateDown.ts')).migrateDown(options)),
  )

program
  .command('grants')
  .description('print the SQL that gives roles of PostgreSQL the rights they need, or run it')
  .option('--api <role>', 'runs servers and `maintain`; can neither delete nor alter')
  .option('--reader <role>', 'reads everything but API keys')
  .option('--owner <role>', 'owns the tables: migrates, makes API keys')
  .option('--apply', 'run it on the database, as its owner', false)
  .action((options: GrantsOptions) => runCommand(async () => (await import('./commands/grants.ts')).grants(options)))

program
  .command('maintain')
  .description(
    'do the chores of the server: take jobs back from workers that are gone, delete old jobs (RETENTION_DAYS)',
  )
  .option('--once', 'each chore once, for cron; otherwise until it is stopped', false)
  .action((options: MaintainOptions) =>
    runCommand(async () => (await import('./commands/maintain.ts')).maintain(options)),
  )

program
  .command('rollup')
  .description('show how far the roll-up is, which counts and statistics are read from')
  .option('--rebuild', 'empty it and add up the whole ledger again; servers may keep running', false)
  .action((options: RollUpCommandOptions) =>
    runCommand(async () => (await import('./commands/rollUp.ts')).rollUpCommand(options)),
  )

program
  .command('purge')
  .description('remove jobs that were deleted long ago, with their histories; as the role that owns the tables')
  .requiredOption('--older-than <days>', 'only jobs that were deleted more than so many days ago')
  .option('--dry-run', 'only count them', false)
  .action((options: PurgeOptions) => runCommand(async () => (await import('./commands/purge.ts')).purge(options)))

program
  .command('demo')
  .description('hash every file of a folder, one job per file, through the API of a running server')
  .argument('<folder>', 'the folder')
  .addOption(endpoint())
  .option('--user <id>', 'whose jobs they are (default: the own ones of the caller)')
  .action((folder: string, options: DemoOptions) =>
    runCommand(async () => (await import('./commands/demo.ts')).demo(folder, options)),
  )

program
  .command('seed')
  .description('fill the database with some 200 believable jobs of the last month')
  .option('--add', 'although it holds jobs already', false)
  .option('--random <number>', 'another number gives other jobs', Number, 1)
  .action((options: SeedOptions) => runCommand(async () => (await import('./commands/seed.ts')).seed(options)))

program
  .command('tail')
  .description('print what happens in the ledger, as it happens')
  .option('--after <cursor>', 'first everything behind this cursor of an event (default: from now on)')
  .option('--user <id>', 'of jobs of this user')
  .option('--job <id>', 'of this job')
  .option('--actor <actor>', 'of what this actor did')
  .option('--state <state...>', 'of what led into one of these states')
  .option('--json', 'a line of JSON for each event, with its cursor', false)
  .addOption(endpoint())
  .action((options: TailOptions) => runCommand(async () => (await import('./commands/tail.ts')).tail(options)))

program
  .command('run')
  .description('run a program as a job, for cron: its output, its signals and its exit code are those of the program')
  .usage('[options] -- COMMAND ARGS...')
  .argument('<command...>', 'the program and its arguments')
  .option('--preset <preset>', 'of the job')
  .option('--user <id>', 'whose job it is (default: the own one of the caller)')
  .option('--timeout <seconds>', 'stop it after so long (SIGTERM, SIGKILL after 10 s); the exit code is 124 then')
  .addOption(passEnv())
  .addOption(endpoint())
  .passThroughOptions()
  .exitOverride((error) => {
    throw Object.assign(error, { exitCode: error.exitCode && CANNOT_RUN })
  })
  .action(async (command: ProgramCommand, options: RunOptions) => {
    // SIGUSR1 ends a program by default. Without a listener, Node would open its debugger.
    const onSignal = (_: NodeJS.Signals, number: number): never => process.exit(128 + number)
    process.on('SIGUSR1', onSignal)
    const { run } = await import('./commands/run.ts')
    const ended = run(command, options)
    // `run` has its own listener by now.
    process.off('SIGUSR1', onSignal)
    process.exit(await ended)
  })

program
  .command('worker')
  .description('run a script for each job: content on standard input, JOBLEDGER_JOB_... in the environment')
  .requiredOption('--exec <script>', 'the script')
  .option('--preset <preset...>', 'only jobs with one of these')
  .option('--concurrency <number>', 'so many jobs at once (default: 1)')
  .option(
    '--lease <seconds>',
    'another worker may take a job from this one when it was not heard of for so long (default: 60)',
  )
  .option('--timeout <seconds>', 'stop a script after so long; the result of its job is TIMEOUT then')
  .addOption(passEnv())
  .addOption(endpoint())
  .action((options: WorkerCommandOptions) =>
    runCommand(async () => (await import('./commands/worker.ts')).worker(options)),
  )

program
  .command('pubsub')
  .description('what the ledger needs of Google Cloud Pub/Sub')
  .command('setup')
  .description('make the topic PUBSUB_TOPIC, and a subscription, unless they exist')
  .option('--subscription <name>', 'the whole name: projects/my-project/subscriptions/jobs-worker')
  .action((options: SetUpPubSubOptions) =>
    runCommand(async () => (await import('./commands/pubSub.ts')).setUp(options)),
  )

const apiKey = program.command('api-key').description('the keys by which programs prove who they are')

apiKey
  .command('create')
  .description('make a key; it is printed once')
  .argument('<name>', 'records name whoever uses it key:<name>')
  .requiredOption('--roles <roles>', 'what it is good for: USER, WORKER, AUDITOR, ADMIN, with commas between them')
  .option('--user <id>', 'whose jobs are its own; needed with USER')
  .option('--expires <days>', 'refuse it after so many days')
  .action((name: string, options: CreateApiKeyOptions) =>
    runCommand(async () => (await import('./commands/apiKey.ts')).createKey(name, options)),
  )

apiKey
  .command('list')
  .description('list all keys: roles, expiry, last use; not the keys themselves')
  .action(() => runCommand(async () => (await import('./commands/apiKey.ts')).listKeys()))

apiKey
  .command('revoke')
  .description('refuse a key from now on, for good')
  .argument('<name>', 'the name of the key')
  .action((name: string) => runCommand(async () => (await import('./commands/apiKey.ts')).revokeKey(name)))

await output.run()
