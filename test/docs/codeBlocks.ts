// The code blocks of a Markdown page, and the commands in those that are for a shell.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface CodeBlock {
  /** Line number of its first line of code. */
  readonly line: number
  /** The language after the fence, or ''. */
  readonly language: string
  readonly text: string
}

export interface Command {
  readonly line: number
  readonly text: string
}

/** The path of a page in the checkout. */
export const pathOf = (page: string): string => fileURLToPath(new URL(`../../${page}`, import.meta.url))

/** @throws Error for a fence that is not closed */
export function codeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { line: number; language: string; lines: string[] } | undefined
  for (const [index, line] of readFileSync(pathOf(page), 'utf8').split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line)
    if (open === undefined) {
      if (fence) open = { line: index + 2, language: fence[1] as string, lines: [] }
    } else if (fence) {
      blocks.push({ line: open.line, language: open.language, text: open.lines.join('\n') })
      open = undefined
    } else open.lines.push(line)
  }
  if (open !== undefined) throw new Error(`${page}:${open.line} begins a block that does not end.`)
  return blocks
}

/** The shell commands of a block, each with its continuation lines. */
export function commandsOf({ line, language, text }: CodeBlock): Command[] {
  if (language === 'cron') {
    return text.split('\n').map((entry, index) => ({ line: line + index, text: entry.replace(/^(\S+\s+){5}/, '') }))
  }
  const commands: Command[] = []
  let pending: string[] = []
  for (const [index, one] of text.split('\n').entries()) {
    if (pending.length === 0 && /^\s*(#|$)/.test(one)) continue
    pending.push(one)
    const command = pending.join('\n')
    if (one.endsWith('\\') || spawnSync('bash', ['-n', '-c', command]).status !== 0) continue
    commands.push({ line: line + index + 1 - pending.length, text: command })
    pending = []
  }
  if (pending.length > 0) throw new Error(`No complete command: ${pending.join('\n')}`)
  return commands
}
