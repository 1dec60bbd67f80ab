// Generates docs/configuration.md and .env.example from the settings.
import type { z } from 'zod'
import { SECTIONS } from './variables.ts'

/** Maximum length of a comment line of .env.example. */
const LINE_CHARACTERS = 100

interface Setting {
  readonly name: string
  /** '' without a default. */
  readonly fallback: string
  /** The allowed range or words, if limited. */
  readonly allowed: string | undefined
  readonly description: string
  /** .env.example leaves it empty although it has a default. */
  readonly emptyInExample: boolean
}

/** The page docs/configuration.md. */
export function configurationPage(): string {
  const sections = SECTIONS.map(({ title, variables }) => {
    const rows = settingsOf(variables).map(
      ({ name, fallback, allowed, description }) =>
        `| \`${name}\` | ${fallback && `\`${fallback}\``} | ${allowed ?? ''} | ${escaped(description)} |`,
    )
    return [`## ${title}`, '', '| variable | default | allowed | |', '|---|---|---|---|', ...rows, ''].join('\n')
  })
  return [PAGE_INTRODUCTION, ...sections].join('\n')
}

/** The file .env.example. */
export function exampleFile(): string {
  const sections = SECTIONS.map(({ title, variables }) => {
    const lines = settingsOf(variables).flatMap(({ name, fallback, allowed, description, emptyInExample }) => [
      ...commentLines(allowed === undefined ? description : `${description} Allowed: ${allowed}.`),
      `${name}=${emptyInExample ? '' : fallback}`,
    ])
    return [`## ${title}`, ...lines, ''].join('\n')
  })
  return [EXAMPLE_INTRODUCTION, ...sections].join('\n')
}

const PAGE_INTRODUCTION = `<!-- Generated from src/config/variables.ts by \`npm run codegen\`. Do not edit. -->
# Configuration

Jobledger is configured by environment variables.

- A variable that is empty counts as not set.
- The file \`.env\` of the current folder is read too; the environment wins over it.
  [.env.example](../.env.example) has every variable with its default: copy it and change what you
  need.
- A value that cannot be used stops the program with a sentence. All faults are reported at once.
- A name in the environment that looks like a misspelt setting is refused. In \`.env\` every name that
  is not a setting is refused, with the nearest setting, except those that \`docker compose\` reads.
  The client commands (\`run\`, \`worker\`, \`tail\`, \`jobs\`, \`demo\`) run in folders of other
  programs: there only misspelt names are refused.
- \`.env\` cannot set variables of other programs: nothing in it reaches a child process.
  [Security](security.md#credentials-of-commands) explains which credentials \`.env\` can set.
`

const EXAMPLE_INTRODUCTION = `# Every setting of Jobledger with its default. Copy this file to .env and change what you need.
# The environment wins over .env. A variable that is empty counts as not set. A name that is not a
# setting is refused. The same as a page: docs/configuration.md.
# Generated from src/config/variables.ts by "npm run codegen". Do not edit.
`

function settingsOf(variables: Readonly<Record<string, z.ZodType>>): Setting[] {
  return Object.entries(variables).map(([name, form]) => ({
    name,
    fallback: String(form.safeParse(undefined).data ?? ''),
    allowed: metadataOf(form, 'allowed') as string | undefined,
    description: descriptionOf(name, form),
    emptyInExample: metadataOf(form, 'emptyInExample') === true,
  }))
}

/** @throws Error without a description: every setting is documented */
function descriptionOf(name: string, form: z.ZodType): string {
  if (form.description === undefined) throw new Error(`${name} has no description.`)
  return form.description
}

/** The metadata of the schema, or of the one that it wraps. */
function metadataOf(form: z.ZodType, key: string): unknown {
  const { innerType } = form.def as { innerType?: z.ZodType }
  return form.meta()?.[key] ?? (innerType && metadataOf(innerType, key))
}

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

function commentLines(text: string): string[] {
  const lines: string[] = ['#']
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`
    if (line.length <= LINE_CHARACTERS) lines[lines.length - 1] = line
    else lines.push(`# ${word}`)
  }
  return lines
}
