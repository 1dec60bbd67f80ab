// The file `.env` of the current folder. The folder may be anybody's, so only our own settings are read from it, never into
// process.env, from where the variables of Node, of the dynamic loader and of PostgreSQL would take effect in child processes.
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { nearestSetting } from './nearestSetting.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface EnvFile {
  readonly values: Environment
  /** What is wrong with the file, one sentence each. */
  readonly faults: readonly string[]
}

/** The settings with these names. Other variables are ignored, unless their names look like misspelt ones. */
export function readEnvFile(names: readonly string[]): EnvFile {
  const { text, fault } = readText()
  if (text === undefined) return { values: {}, faults: fault === undefined ? [] : [fault] }
  const given = Object.entries(parseEnv(text))
  const values = Object.fromEntries(given.filter(([name]) => names.includes(name)))
  const faults = given.flatMap(([name]) => {
    const nearest = nearestSetting(name, names)
    if (nearest === undefined) return []
    return [`${name} in the file .env is not a setting of Jobledger. Did you mean ${nearest}?`]
  })
  return { values, faults }
}

function readText(): { readonly text?: string; readonly fault?: string } {
  try {
    return { text: readFileSync('.env', 'utf8') }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? {} : { fault: `The file .env cannot be read: ${message}.` }
  }
}

/**
 * Why a password of the environment must not go to the server that only `.env` names; undefined if it does not. PostgreSQL's client
 * sends PGPASSWORD where the URL has no password.
 */
export function foreignPasswordFault(file: Environment, environment: Environment): string | undefined {
  const url = environment.DATABASE_URL === undefined ? file.DATABASE_URL : undefined
  if (!url || !environment.PGPASSWORD || !URL.canParse(url) || new URL(url).password !== '') return undefined
  return (
    'DATABASE_URL is set in the file .env and has no password, but PGPASSWORD is set in the environment. It is not sent to a server ' +
    'that only .env names: set DATABASE_URL in the environment too.'
  )
}
