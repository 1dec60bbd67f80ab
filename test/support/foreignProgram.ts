// Asks programs that are not ours: a question per line, as JSON, and an answer per line.
import { execFileSync } from 'node:child_process'

export interface Question {
  readonly [name: string]: unknown
}

/** `ok` or `error`. */
export interface Answer {
  readonly ok?: unknown
  readonly error?: string
}

/** The answers, in the order of the questions. */
export function askProgram(program: string, words: readonly string[], questions: readonly Question[]): Answer[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('')
  const output = execFileSync(program, words, { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
  const answers = output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Answer)
  if (answers.length !== questions.length) throw new Error(`${answers.length} answers to ${questions.length} questions`)
  return answers
}
