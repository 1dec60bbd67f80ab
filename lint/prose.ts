// Keeps the prose of the project plain: reports words of a list in comments, messages,
// descriptions, test titles, scripts and pages. `npm run prose`. Paths as arguments restrict it to
// the files below them.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { parseSync, type Span, Visitor } from 'oxc-parser'
import { ODD_WORDS } from './oddWords.ts'

interface Text {
  readonly text: string
  /** Its place in the file, in UTF-16 units. */
  readonly start: number
}

const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs', '.env.example']
const MAX_COLUMNS = 100

const only = process.argv.slice(2)
const [sources, tests, database, scripts, pages] = [
  files(
    'src',
    'dashboard',
    'examples',
    'bench',
    'load',
    'soak',
    'prisma',
    '.ci',
    'lint/prose.ts',
    ':(glob)*.ts',
  ).filter((file) => /\.(tsx?|mjs)$/.test(file)),
  files('test').filter((file) => file.endsWith('.ts')),
  files('prisma').filter((file) => /\.(sql|prisma)$/.test(file)),
  files('.ci/run', 'findings', ':(glob).github/**/*.yml', ':(glob)*.yml', 'Dockerfile'),
  files(...PAGES).filter((file) => /\.(md|example)$/.test(file)),
]
const faults = [
  ...sources.flatMap((file) => faultsOf(file, commentsAndStrings)),
  ...tests.flatMap((file) => faultsOf(file, commentsAndTitles)),
  ...database.flatMap((file) => faultsOf(file, sqlProse)),
  ...scripts.flatMap((file) => faultsOf(file, scriptComments)),
  ...pages.flatMap((file) => faultsOf(file, withoutCode)),
  ...[...sources, ...tests, ...database, ...scripts, ...pages].flatMap(wideLines),
]
process.stdout.write(faults.map((fault) => `${fault}\n`).join(''))
process.exitCode = faults.length > 0 ? 1 : 0

function files(...paths: string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', ...paths], { encoding: 'utf8' })
  return listed
    .split('\n')
    .filter((file) => file !== '' && !/generated/.test(file) && existsSync(file))
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

/** Lines of comments and pages that are wider than `MAX_COLUMNS`. */
function wideLines(file: string): string[] {
  const content = readFileSync(file, 'utf8')
  const lines = pages.includes(file) ? withoutBlocks(content).split('\n') : commentLines(file, content)
  return lines.flatMap((line, index) =>
    isWide(line) ? [`${file}:${index + 1}: break this line at ${MAX_COLUMNS} columns`] : [],
  )
}

/** Tables, images and directives of the linter cannot be broken. */
function isWide(line: string): boolean {
  return line.length > MAX_COLUMNS && !/^ *(\||!\[)|biome-ignore/.test(line)
}

/** The lines of a file, with an empty line instead of each that has code. */
function commentLines(file: string, content: string): string[] {
  if (scripts.includes(file)) return content.split('\n').map((line) => (/^ *#/.test(line) ? line : ''))
  const comments = /\.(sql|prisma)$/.test(file) ? matches(content, /(--|\/\/).*/g) : commentsOf(content)
  const numbers = new Set(
    comments.flatMap(({ text, start }) => {
      const first = content.slice(0, start).split('\n').length
      return text.split('\n').map((_, index) => first + index)
    }),
  )
  const isComment = (line: string): boolean => /^ *(\/[/*]|\*|--)/.test(line)
  return content.split('\n').map((line, index) => (numbers.has(index + 1) && isComment(line) ? line : ''))
}

function withoutBlocks(page: string): string {
  return page.replaceAll(/^```[\s\S]*?^```/gm, (code) => code.replaceAll(/[^\n]/g, ''))
}

function commentsOf(content: string): Text[] {
  return parseSync('file.tsx', content).comments.map(({ start, end }) => ({ text: content.slice(start, end), start }))
}

function commentsAndStrings(content: string): Text[] {
  const { program } = parseSync('file.tsx', content)
  const texts = commentsOf(content)
  const add = ({ start, end }: Span): void => {
    const text = content.slice(start, end)
    // One word is a name, such as that of a user of the system.
    if (/\s/.test(text)) texts.push({ text, start })
  }
  new Visitor({ Literal: add, TemplateElement: add, JSXText: add }).visit(program)
  return texts
}

function commentsAndTitles(content: string): Text[] {
  const titles = matches(content, /\b(?:it|describe|test)(?:\.\w+(?:\([^)]*\))?)?\(\s*(['"`].*?['"`]),/g)
  return [...commentsOf(content), ...titles]
}

function sqlProse(content: string): Text[] {
  return matches(content, /(--.*|\/\/.*|'[^']*')/g)
}

function scriptComments(content: string): Text[] {
  return matches(content, /^ *#.*/gm)
}

function withoutCode(content: string): Text[] {
  const blanked = content.replaceAll(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replaceAll(/[^\n]/g, ' '))
  return [{ text: blanked, start: 0 }]
}

function matches(content: string, pattern: RegExp): Text[] {
  return [...content.matchAll(pattern)].map((match) => ({ text: match[0], start: match.index }))
}
