// The file `.env` of the current folder. The folder may belong to someone else, so only settings of
// Jobledger are read from it, and never into process.env, where variables of Node, the dynamic
// loader and PostgreSQL would take effect in child processes.
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { closestSetting, nearestSetting } from './nearestSetting.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface EnvFile {
  readonly values: Environment
  /** Faults of the file, one sentence each. */
  readonly faults: readonly string[]
}

/** Variables that docker-compose.yml reads from the same file. */
export const COMPOSE_VARIABLES = [
  'POSTGRES_PASSWORD',
  'OWNER_PASSWORD',
  'API_PASSWORD',
  'PUBSUB_EMULATOR_HOST',
] as const

/**
 * Reads the settings with these names. A name that looks like a misspelt one is a fault. With
 * `strict`, every other name is too; use it in the folder of an installation. Elsewhere the file
 * may belong to another program.
 */
export function readEnvFile(names: readonly string[], { strict = false } = {}): EnvFile {
  const { text, fault } = readText()
  if (text === undefined) return { values: {}, faults: fault === undefined ? [] : [fault] }
  const given = Object.entries(parseEnv(text))
  const values = Object.fromEntries(given.filter(([name]) => names.includes(name)))
  const faults = given.flatMap(([name]) => unknownNameFault(name, names, strict) ?? [])
  return { values, faults }
}

function unknownNameFault(name: string, names: readonly string[], strict: boolean): string | undefined {
  if (names.includes(name)) return undefined
  const unknown = `${name} in the file .env is not a setting of Jobledger`
  const meant = nearestSetting(name, names)
  if (meant !== undefined) return `${unknown}. Did you mean ${meant}?`
  if (!strict || isForCompose(name)) return undefined
  return `${unknown}; the nearest one is ${closestSetting(name, names)}. docs/configuration.md lists all settings.`
}

function isForCompose(name: string): boolean {
  return (COMPOSE_VARIABLES as readonly string[]).includes(name) || /^(COMPOSE|DOCKER)_/.test(name)
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
 * Why a password of the environment would be sent to a server that only `.env` names; undefined if
 * it would not. PostgreSQL's client sends PGPASSWORD if the URL has no password.
 */
export function foreignPasswordFault(file: Environment, environment: Environment): string | undefined {
  const url = environment.DATABASE_URL === undefined ? file.DATABASE_URL : undefined
  if (!url || !environment.PGPASSWORD || !URL.canParse(url) || new URL(url).password !== '') return undefined
  return (
    'DATABASE_URL is set in the file .env and has no password, but PGPASSWORD is set in the ' +
    'environment. It is not sent to a server ' +
    'that only .env names: set DATABASE_URL in the environment too.'
  )
}
