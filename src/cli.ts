#!/usr/bin/env node
// The command line: names, arguments and one line of help for each command. The code of a command
// is in commands/ and is loaded on demand, so that a cron job does not load the server.
import { Command, InvalidArgumentError, Option } from 'commander'
import type { CreateApiKeyOptions } from './commands/apiKey.ts'
import { commandOutput } from './commands/commandOutput.ts'
import type { DemoOptions } from './commands/demo.ts'
import type { GrantsOptions } from './commands/grants.ts'
import { addJobsCommands } from './commands/jobs/commandLine.ts'
import type { MaintainOptions } from './commands/maintain.ts'
import type { MigrateDownOptions } from './commands/migrateDown.ts'
import { CANNOT_RUN } from './commands/program/usageError.ts'
import type { SetUpPubSubOptions } from './commands/pubSub.ts'
import type { PurgeOptions } from './commands/purge.ts'
import type { RollUpCommandOptions } from './commands/rollUp.ts'
import type { Command as ProgramCommand, RunOptions } from './commands/run.ts'
import { runCommand } from './commands/runCommand.ts'
import type { GenerateKeyOptions } from './commands/sealKey.ts'
import type { SeedOptions } from './commands/seed.ts'
import type { TailOptions } from './commands/tail.ts'
import type { WorkerCommandOptions } from './commands/worker.ts'
import { DEFAULT_URL } from './config/defaultUrl.ts'
import { packageVersion } from './database/packageRoot.ts'

const program = new Command('jobledger').description(
  'A durable ledger of jobs. Settings are read from the environment; see docs/configuration.md.',
)
const output = commandOutput(program)
// Arguments after the name of a command belong to it: `run` passes them on.
program.enablePositionalOptions()
program.version(packageVersion(), '--version', 'print the version')

/** An option that can be repeated. */
function passEnv(): Option {
  return new Option(
    '--pass-env <name>',
    'pass a variable to the program that it would not get otherwise, such as DATABASE_URL',
  )
    .argParser((name: string, names: readonly string[]) => [...names, name])
    .default([], 'none')
}

/** @throws InvalidArgumentError */
function seedNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be an integer from 0 to 999999999.')
}

/** Options of the commands that are clients of a server. */
function endpoint(): Option {
  return new Option(
    '--url <url>',
    `endpoint of the server (default: JOBLEDGER_URL, or ${DEFAULT_URL}); the credential is ` +
      'JOBLEDGER_TOKEN, or in the file JOBLEDGER_TOKEN_FILE',
  )
}

program
  .command('start')
  .description('run the server')
  .action(() => runCommand(async () => (await import('./commands/start.ts')).start()))

program
  .command('studio')
  .description('browse the tables in Prisma Studio')
  .argument('[options...]', 'options of `prisma studio`, e.g. --port 5555 --browser none')
  .allowUnknownOption()
  .action((options: string[]) => runCommand(async () => (await import('./commands/studio.ts')).studio(options)))

program
  .command('migrate-down')
  .description('revert the latest migration; asks first, because rows can be lost')
  .option('--yes', 'do not ask', false)
  .option('--force', 'revert it even while servers are connected', false)
  .action((options: MigrateDownOptions) =>
    runCommand(async () => (await import('./commands/migrateDown.ts')).migrateDown(options)),
  )

program
  .command('grants')
  .description('print the SQL that grants PostgreSQL roles the rights they need, or run it')
  .option('--api <role>', 'role of servers and `maintain`; cannot delete rows or alter tables')
  .option('--reader <role>', 'role that reads everything except API keys')
  .option('--owner <role>', 'role that owns the tables: migrates, creates API keys')
  .option('--apply', 'run the SQL on the database, as its owner', false)
  .action((options: GrantsOptions) => runCommand(async () => (await import('./commands/grants.ts')).grants(options)))

program
  .command('maintain')
  .description('run the maintenance tasks: rescue jobs of lost workers, delete old jobs (RETENTION_DAYS)')
  .option('--once', 'run each task once, for cron; otherwise until stopped', false)
  .action((options: MaintainOptions) =>
    runCommand(async () => (await import('./commands/maintain.ts')).maintain(options)),
  )

program
  .command('rollup')
  .description('show the progress of the roll-up, from which counts and statistics are read')
  .option('--rebuild', 'rebuild it from the whole ledger; servers can keep running', false)
  .action((options: RollUpCommandOptions) =>
    runCommand(async () => (await import('./commands/rollUp.ts')).rollUpCommand(options)),
  )

program
  .command('purge')
  .description('remove jobs that were deleted long ago, and their histories; run it as the owner of the tables')
  .requiredOption('--older-than <days>', 'only jobs that were deleted more than this many days ago')
  .option('--dry-run', 'only count the jobs', false)
  .action((options: PurgeOptions) => runCommand(async () => (await import('./commands/purge.ts')).purge(options)))

program
  .command('demo')
  .description('hash every file of a folder, one job per file, through the API of a running server')
  .argument('<folder>', 'the folder')
  .addOption(endpoint())
  .option('--user <id>', 'user id of the jobs (default: the caller)')
  .action((folder: string, options: DemoOptions) =>
    runCommand(async () => (await import('./commands/demo.ts')).demo(folder, options)),
  )

program
  .command('seed')
  .description('add about 200 sample jobs of the last month to the database')
  .option('--add', 'add them even if there are jobs already', false)
  .option('--random <number>', 'another number creates other jobs', seedNumber, 1)
  .action((options: SeedOptions) => runCommand(async () => (await import('./commands/seed.ts')).seed(options)))

program
  .command('tail')
  .description('print events of the ledger as they happen')
  .option('--after <cursor>', 'start after the event with this cursor (default: from now on)')
  .option('--user <id>', 'only of jobs of this user')
  .option('--job <id>', 'only of this job')
  .option('--actor <actor>', 'only transitions by this actor')
  .option('--state <state...>', 'only transitions to one of these states')
  .option('--json', 'print one line of JSON per event, with its cursor', false)
  .addOption(endpoint())
  .action((options: TailOptions) => runCommand(async () => (await import('./commands/tail.ts')).tail(options)))

program
  .command('run')
  .description('run a program as a job, for cron; forwards output, signals and exit code of the program')
  .usage('[options] -- COMMAND ARGS...')
  .argument('<command...>', 'the program and its arguments')
  .option('--preset <preset>', 'preset of the job')
  .option('--user <id>', 'user id of the job (default: the caller)')
  .option(
    '--timeout <seconds>',
    'stop the program after this time (SIGTERM, then SIGKILL after 10 s) with exit code 124',
  )
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
  .description('run a script for each job; it gets the content on standard input and JOBLEDGER_JOB_... variables')
  .requiredOption('--exec <script>', 'the script')
  .option('--preset <preset...>', 'only jobs with one of these presets')
  .option('--concurrency <number>', 'maximum number of jobs at once (default: 1)')
  .option('--lease <seconds>', 'how long a job is reserved for this worker if it stops responding (default: 60)')
  .option('--timeout <seconds>', 'stop a script after this time; its job gets the result TIMEOUT')
  .addOption(passEnv())
  .addOption(endpoint())
  .action((options: WorkerCommandOptions) =>
    runCommand(async () => (await import('./commands/worker.ts')).worker(options)),
  )

program
  .command('pubsub')
  .description('manage what the ledger needs in Google Cloud Pub/Sub')
  .command('setup')
  .description('create the topic PUBSUB_TOPIC, and a subscription, unless they exist')
  .option('--subscription <name>', 'full name, such as projects/my-project/subscriptions/jobs-worker')
  .action((options: SetUpPubSubOptions) =>
    runCommand(async () => (await import('./commands/pubSub.ts')).setUp(options)),
  )

addJobsCommands(program, endpoint)

const apiKey = program.command('api-key').description('manage the keys with which programs authenticate')

apiKey
  .command('create')
  .description('create a key; it is printed once')
  .argument('<name>', 'name of the key; records show its user as key:<name>')
  .requiredOption('--roles <roles>', 'comma-separated roles: USER, WORKER, AUDITOR, ADMIN')
  .option('--user <id>', 'user id for its own jobs; required with USER')
  .option('--expires <days>', 'number of days until the key expires')
  .action((name: string, options: CreateApiKeyOptions) =>
    runCommand(async () => (await import('./commands/apiKey.ts')).createKey(name, options)),
  )

apiKey
  .command('list')
  .description('list the keys with roles, expiry and last use, but not the secrets')
  .action(() => runCommand(async () => (await import('./commands/apiKey.ts')).listKeys()))

apiKey
  .command('revoke')
  .description('revoke a key; this cannot be undone')
  .argument('<name>', 'the name of the key')
  .action((name: string) => runCommand(async () => (await import('./commands/apiKey.ts')).revokeKey(name)))

const seal = program.command('seal').description('manage the key that signs checkpoints of the ledger')

seal
  .command('keygen')
  .description('write a new private key to a file, and print the verifier key, which is public')
  .argument('<file>', 'the file to create, with mode 600; an existing one is not overwritten')
  .requiredOption('--origin <origin>', 'identifies the ledger to auditors, such as jobs.example.com/ledger')
  .action((file: string, options: GenerateKeyOptions) =>
    runCommand(async () => (await import('./commands/sealKey.ts')).generateKey(file, options)),
  )

seal
  .command('vkey')
  .description('print the verifier key of a private key')
  .argument('<file>', 'the file that `seal keygen` wrote')
  .action((file: string) => runCommand(async () => (await import('./commands/sealKey.ts')).printVerifierKey(file)))

await output.run()
