// The progress of the demo: one updated line on a terminal, occasional lines elsewhere.
import { clearLine, cursorTo } from 'node:readline'

const LINES = 10

export interface Progress {
  done(name: string): void
  end(): void
}

export function reportProgress(total: number): Progress {
  let finished = 0
  const { stdout } = process
  const every = Math.max(1, Math.ceil(total / LINES))
  return {
    done(name) {
      finished += 1
      const line = `${finished} of ${total} files`
      if (stdout.isTTY) {
        clearLine(stdout, 0)
        cursorTo(stdout, 0)
        stdout.write(`${line}  ${name.replaceAll(/\p{Cc}/gu, '?')}`.slice(0, stdout.columns - 1))
      } else if (finished % every === 0 || finished === total) stdout.write(`${line}\n`)
    },
    end() {
      if (stdout.isTTY) stdout.write('\n')
    },
  }
}
