// The text of schema.graphql: the printed schema with its descriptions wrapped.
import { printSchema } from 'graphql'
import { schema } from './schema.ts'

const MAX_COLUMNS = 100
const BLOCK = '"""'

export function schemaText(): string {
  return printSchema(schema).split('\n').flatMap(wrapDescription).concat('').join('\n')
}

/** All longer lines are descriptions, except those of scalars, which have a URL. */
function wrapDescription(line: string): string[] {
  if (line.length <= MAX_COLUMNS || line.startsWith('scalar ')) return [line]
  const text = line.trimStart()
  const indent = ' '.repeat(line.length - text.length)
  const words = wrapWords(text.replaceAll(BLOCK, ''), MAX_COLUMNS - indent.length)
  const lines = text.startsWith(BLOCK) ? [BLOCK, ...words, BLOCK] : words
  return lines.map((part) => indent + part)
}

function wrapWords(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
