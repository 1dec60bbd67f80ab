// The pages have valid links, the files and settings that they name exist, and README stays short.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { VARIABLE_NAMES } from '../../src/config.ts'
import { pathOf } from './codeBlocks.ts'

const FILES = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: pathOf('.'), encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(pathOf(file)))
const PAGES = FILES.filter((file) => /^[^/]*\.md$|^docs\/.*\.md$/.test(file))
const FOLDERS = [...new Set(FILES.flatMap(foldersOf))]
/** Written by `npm ci`. */
const GENERATED = ['src/database/generated', 'src/graphql/generated']

const textOf = (page: string): string => readFileSync(pathOf(page), 'utf8')

function foldersOf(file: string): string[] {
  const parts = file.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

const SOURCE_WORDS = new Set([
  ...VARIABLE_NAMES,
  ...FILES.filter(
    (file) => /^(src|test|bench|load|soak|\.ci|docker)/.test(file) && !file.startsWith('test/docs/'),
  ).flatMap((file) => [...textOf(file).matchAll(/\b[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b/g)].map(([word]) => word)),
])

/** Whether a file or folder of this name exists; `*` matches any part of a name. */
function matchesFile(name: string): boolean {
  const pattern = new RegExp(`^${name.replace(/\/$/, '').replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(/|$)`)
  return existsSync(pathOf(name)) || FILES.some((file) => pattern.test(file))
}

/** Without code blocks. */
const proseOf = (page: string): string => textOf(page).replace(/^```[\s\S]*?^```/gm, '')

/** Heading anchors as GitHub generates them. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    (title as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each(PAGES)('%s', (page) => {
  it('links to pages and headings that exist', () => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string)
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path, anchor] = link.split('#') as [string, string | undefined]
      const target = path === '' ? page : join(dirname(page), path)
      return !existsSync(pathOf(target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
    })
    expect(broken).toEqual([])
  })

  it('names files and folders that exist', () => {
    const named = [
      ...proseOf(page).matchAll(
        /`((?:src|dashboard|test|bench|load|soak|lint|prisma|docs|examples|docker|findings|\.ci|\.github)\/[^`\s]*)`/g,
      ),
    ]
    const paths = named.map(([, path]) => path as string).filter((path) => !/[A-Z]{4}/.test(path))
    expect(paths.filter((path) => !matchesFile(path))).toEqual([])
  })

  it('names settings, error codes and constants that the source has', () => {
    const named = [...proseOf(page).matchAll(/`([A-Z][A-Z\d]*_[A-Z\d_]*[A-Z\d])(?:=[^`]*)?`/g)].map(([, word]) => word)
    expect(named.filter((word) => !SOURCE_WORDS.has(word as string))).toEqual([])
  })
})

describe('README.md', () => {
  it('has at most 150 lines of at most 100 columns', () => {
    const lines = textOf('README.md').trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(150)
    expect(lines.filter((line) => [...line].length > 100)).toEqual([])
  })

  it('links to every page of docs/', () => {
    const linked = [...textOf('README.md').matchAll(/\]\((docs\/[^)#]+)/g)].map(([, path]) => path)
    const pages = PAGES.filter((page) => /^docs\/[^/]+\.md$/.test(page))
    expect(pages.filter((page) => !linked.includes(page))).toEqual([])
  })
})

describe('docs/architecture.md', () => {
  it('names every folder, except those of migrations and those of test/ that mirror src/', () => {
    const text = textOf('docs/architecture.md')
    const isNamed = (folder: string): boolean => {
      const parent = foldersOf(`${folder}/x`).at(-2)
      const own = `\`${folder.split('/').at(-1)}/\``
      // A nested folder is named in the row of its parent.
      const row = text.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${parent}/\``))
      return text.includes(`\`${folder}/\``) || (row?.includes(own) ?? false)
    }
    const isMirror = (folder: string): boolean => FOLDERS.includes(folder.replace(/^test\//, 'src/'))
    const mustBeNamed = [...FOLDERS, ...GENERATED].filter(
      (folder) =>
        !/^(src|dashboard\/src|prisma\/migrations\/.*)$/.test(folder) &&
        !(folder.startsWith('test/') && isMirror(folder)),
    )
    expect(mustBeNamed.filter((folder) => !isNamed(folder))).toEqual([])
  })
})
