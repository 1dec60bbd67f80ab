// Handles Commander's own output: prints help and the version like command output, so that a write
// failure is noticed, and explains how to get help after a usage error.
import { type Command, CommanderError } from 'commander'
import { print } from './output.ts'
import { runCommand } from './runCommand.ts'
import { typedCommand } from './typedCommand.ts'

export interface CommandOutput {
  /** Parses the command line and runs the command. */
  run(): Promise<void>
}

/** Call before adding commands, which inherit the configuration. */
export function commandOutput(program: Command): CommandOutput {
  let text = ''
  const keep = (chunk: string): void => {
    text += chunk
  }
  program.configureOutput({ writeOut: keep }).exitOverride()
  return {
    async run() {
      for (const command of program.commands) addHint(command, [command.name()])
      program.showHelpAfterError(hint(['--help']))
      try {
        await program.parseAsync()
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error
        process.exitCode = error.exitCode
        if (text !== '') await runCommand(show)
      }
    },
  }

  async function show(): Promise<void> {
    await print(text.trimEnd())
  }
}

function addHint(command: Command, words: readonly string[]): void {
  command.showHelpAfterError(hint([...words, '--help']))
  for (const inner of command.commands) addHint(inner, [...words, inner.name()])
}

function hint([first = '', ...words]: readonly string[]): string {
  return `Run "${typedCommand(first, ...words)}" to see the options.`
}
