// The server as a program: `node src/main.ts` by way of tsx, or `node dist/main.js`.
import { runCommand } from './commands/runCommand.ts'
import { start } from './commands/start.ts'

await runCommand(start)
