// What Commander writes by itself: help and the version go out like the output of a command, so that a failure to write them is noticed; a
// misuse says how to get help.
import { type Command, CommanderError } from 'commander'
import { print, requireShown } from './output.ts'
import { runCommand } from './runCommand.ts'
import { typedCommand } from './typedCommand.ts'

export interface CommandOutput {
  /** Runs the program to its end. */
  run(): Promise<void>
}

/** To be called before commands are added, which inherit it. */
export function commandOutput(program: Command): CommandOutput {
  let text = ''
  const keep = (part: string): void => {
    text += part
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
    requireShown()
    await print(text.trimEnd())
  }
}

function addHint(command: Command, words: readonly string[]): void {
  command.showHelpAfterError(hint([...words, '--help']))
  for (const inner of command.commands) addHint(inner, [...words, inner.name()])
}

function hint([first = '', ...words]: readonly string[]): string {
  return `Run "${typedCommand(first, ...words)}" to see what can be given.`
}
