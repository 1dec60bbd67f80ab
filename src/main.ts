// Runs the server: `node src/main.ts` with tsx, or `node dist/main.js`.
import { runCommand } from './commands/runCommand.ts'
import { start } from './commands/start.ts'

await runCommand(start)
