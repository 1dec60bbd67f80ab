#!/usr/bin/env node
// The command line: names, arguments and one line of explanation for each command; what a command does is in commands/.
import { Command } from 'commander'
import { type CreateApiKeyOptions, createKey, listKeys, revokeKey } from './commands/apiKey.ts'
import { type DemoOptions, demo } from './commands/demo.ts'
import { migrateDown } from './commands/migrateDown.ts'
import { runCommand } from './commands/runCommand.ts'
import { type SeedOptions, seed } from './commands/seed.ts'
import { start } from './commands/start.ts'
import { studio } from './commands/studio.ts'

const program = new Command('jobledger').description(
  'A durable ledger of jobs. Settings are read from the environment; see .env.example.',
)

program
  .command('start')
  .description('run the server')
  .action(() => runCommand(start))

program
  .command('studio')
  .description('look at the tables with Prisma Studio')
  .argument('[options...]', 'options of `prisma studio`, e.g. --port 5555 --browser none')
  .allowUnknownOption()
  .action((options: string[]) => runCommand(() => studio(options)))

program
  .command('migrate-down')
  .description('take back the latest migration')
  .action(() => runCommand(migrateDown))

program
  .command('demo')
  .description(
    'hash every file of a folder, one job per file, through the API of a running server; JOBLEDGER_TOKEN is its credential',
  )
  .argument('<folder>', 'the folder')
  .option('--url <url>', 'the endpoint of the server', 'http://localhost:4000/graphql')
  .option('--user <id>', 'whose jobs they are (default: the own ones of the caller)')
  .action((folder: string, options: DemoOptions) => runCommand(() => demo(folder, options)))

program
  .command('seed')
  .description('fill the database with some 200 believable jobs of the last month')
  .option('--add', 'although it holds jobs already', false)
  .option('--random <number>', 'another number gives other jobs', Number, 1)
  .action((options: SeedOptions) => runCommand(() => seed(options)))

const apiKey = program.command('api-key').description('the keys by which programs prove who they are')

apiKey
  .command('create')
  .description('make a key; it is printed once')
  .argument('<name>', 'records name whoever uses it key:<name>')
  .requiredOption('--roles <roles>', 'what it is good for: USER, WORKER, AUDITOR, ADMIN, with commas between them')
  .option('--user <id>', 'whose jobs are its own; needed with USER')
  .option('--expires <days>', 'refuse it after so many days')
  .action((name: string, options: CreateApiKeyOptions) => runCommand(() => createKey(name, options)))

apiKey
  .command('list')
  .description('list all keys: roles, expiry, last use; not the keys themselves')
  .action(() => runCommand(listKeys))

apiKey
  .command('revoke')
  .description('refuse a key from now on, for good')
  .argument('<name>', 'the name of the key')
  .action((name: string) => runCommand(() => revokeKey(name)))

await program.parseAsync()
