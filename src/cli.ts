#!/usr/bin/env node
// The command line: names, arguments and one line of explanation for each command; what a command does is in commands/.
import { Command } from 'commander'
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
  .description('hash every file of a folder, one job per file, through the API of a running server')
  .argument('<folder>', 'the folder')
  .option('--url <url>', 'the endpoint of the server', 'http://localhost:4000/graphql')
  .option('--user <name>', 'whose jobs they are', 'demo')
  .action((folder: string, options: DemoOptions) => runCommand(() => demo(folder, options)))

program
  .command('seed')
  .description('fill the database with some 200 believable jobs of the last month')
  .option('--add', 'although it holds jobs already', false)
  .option('--random <number>', 'another number gives other jobs', Number, 1)
  .action((options: SeedOptions) => runCommand(() => seed(options)))

await program.parseAsync()
