// Keeps the prose of the project plain: reports words of a list in comments, messages, descriptions, test titles and pages.
// `npm run prose`. Paths as arguments restrict it to the files below them.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseSync, type Span, Visitor } from 'oxc-parser'
import { ODD_WORDS } from './oddWords.ts'

interface Text {
  readonly text: string
  /** Its place in the file, in UTF-16 units. */
  readonly start: number
}

const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs', '.env.example']

const only = process.argv.slice(2)
const [sources, tests, database, pages] = [
  files('src', 'examples').filter((file) => file.endsWith('.ts')),
  files('test').filter((file) => file.endsWith('.test.ts')),
  files('prisma').filter((file) => /\.(sql|prisma)$/.test(file)),
  files(...PAGES),
]
const faults = [
  ...sources.flatMap((file) => faultsOf(file, commentsAndStrings)),
  ...tests.flatMap((file) => faultsOf(file, titles)),
  ...database.flatMap((file) => faultsOf(file, sqlProse)),
  ...pages.flatMap((file) => faultsOf(file, withoutCode)),
]
process.stdout.write(faults.map((fault) => `${fault}\n`).join(''))
process.exitCode = faults.length > 0 ? 1 : 0

function files(...paths: string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '--', ...paths], { encoding: 'utf8' })
  return listed
    .split('\n')
    .filter((file) => file !== '' && !/generated/.test(file))
    .filter((file) => only.length === 0 || only.some((path) => file.startsWith(path)))
}

function faultsOf(file: string, read: (content: string) => Text[]): string[] {
  const content = readFileSync(file, 'utf8')
  return read(content).flatMap(({ text, start }) =>
    ODD_WORDS.flatMap(({ pattern, instead }) =>
      [...text.matchAll(pattern)].map((match) => {
        const line = content.slice(0, start + match.index).split('\n').length
        return `${file}:${line} "${match[0]}": ${instead}`
      }),
    ),
  )
}

function commentsAndStrings(content: string): Text[] {
  const { program, comments } = parseSync('file.ts', content)
  const texts: Text[] = comments.map(({ start, end }) => ({ text: content.slice(start, end), start }))
  const add = ({ start, end }: Span): void => {
    const text = content.slice(start, end)
    // One word is a name, such as that of a user of the system.
    if (/\s/.test(text)) texts.push({ text, start })
  }
  new Visitor({ Literal: add, TemplateElement: add }).visit(program)
  return texts
}

function titles(content: string): Text[] {
  return matches(content, /\b(?:it|describe|test)(?:\.\w+(?:\([^)]*\))?)?\(\s*(['"`].*?['"`]),/g)
}

function sqlProse(content: string): Text[] {
  return matches(content, /(--.*|\/\/.*|'[^']*')/g)
}

function withoutCode(content: string): Text[] {
  const blanked = content.replaceAll(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replaceAll(/[^\n]/g, ' '))
  return [{ text: blanked, start: 0 }]
}

function matches(content: string, pattern: RegExp): Text[] {
  return [...content.matchAll(pattern)].map((match) => ({ text: match[0], start: match.index }))
}
