// The settings of the commands that are clients of a server. They are separate: a wrong setting of
// a server must not prevent `jobledger run` from running a program.
import { accessSync, constants } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { isToken, type Token } from '../client/credential.ts'
import { DEFAULT_URL } from './defaultUrl.ts'
import type { Environment } from './envFile.ts'

export interface ClientConfig {
  /** The endpoint of the server. */
  readonly url: string
  /** The credential. Not an argument, which every user of the machine could see. */
  readonly token: Token | undefined
  /** The variable that holds the token; undefined: no token. */
  readonly tokenFrom: (typeof CREDENTIALS)[number] | undefined
  /** The folder for outcomes while the server is unavailable, as an absolute path. */
  readonly spoolDir: string
}

export const CLIENT_VARIABLES = z.object({
  JOBLEDGER_URL: z
    .string()
    .refine((text) => endpointFault(text) === undefined, { error: ({ input }) => endpointFault(String(input)) })
    .default(DEFAULT_URL)
    // In a copied .env, the default would name a server to which credentials from elsewhere are not
    // sent.
    .meta({ emptyInExample: true })
    .describe(
      'The endpoint of the server. The option --url overrides it. A credential from ' +
        'elsewhere is not sent to a server that only .env names.',
    ),
  // Not repeated: this message may end up in a log.
  JOBLEDGER_TOKEN: z
    .string()
    .refine(isToken, 'must be one word of printable ASCII: a token (JWT) or an API key.')
    .optional()
    .describe('The credential: a token (JWT) or an API key.'),
  JOBLEDGER_TOKEN_FILE: z
    .string()
    .optional()
    .describe('A file with the credential, read for each request: for tokens that expire and are replaced.'),
  JOBLEDGER_SPOOL: z
    .string()
    .optional()
    .describe(
      'Where "jobledger run" keeps outcomes while the server is unavailable. Empty: ' +
        '~/.local/state/jobledger/spool (XDG_STATE_HOME).',
    ),
})

/**
 * Why a credential would be sent to the wrong server: one that only the file `.env` names, whose
 * folder may belong to someone else. `url` is the value of the option --url.
 */
export function credentialFaults(file: Environment, environment: Environment, url: string | undefined): string[] {
  const both = [environment, withoutForeignCredential(file, environment)].some((given) =>
    CREDENTIALS.every((name) => given[name]),
  )
  const faults = both ? [`${CREDENTIALS.join(' and ')} exclude each other: set one of them.`] : []
  if (url !== undefined || environment.JOBLEDGER_URL !== undefined || !file.JOBLEDGER_URL) return faults
  const given = CREDENTIALS.find((name) => environment[name])
  if (given === undefined && !file.JOBLEDGER_TOKEN_FILE) return faults
  const where = given === undefined ? 'JOBLEDGER_TOKEN_FILE names another file' : `${given} in the environment`
  return [
    ...faults,
    `JOBLEDGER_URL is set in the file .env, but ${where}: a credential is not sent to a server that only .env names. ` +
      'Set JOBLEDGER_URL in the environment, or use --url.',
  ]
}

/** The values of `.env`; without its credential if the environment has one. */
export function withoutForeignCredential(file: Environment, environment: Environment): Environment {
  if (!CREDENTIALS.some((name) => environment[name])) return file
  const { JOBLEDGER_TOKEN: _, JOBLEDGER_TOKEN_FILE: __, ...others } = file
  return others
}

const CREDENTIALS = ['JOBLEDGER_TOKEN', 'JOBLEDGER_TOKEN_FILE'] as const

/** Why the text is not the URL of an endpoint; undefined if it is. */
export function endpointFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    return `must be the URL of an endpoint, such as http://localhost:4000/graphql (got "${text}").`
  // fetch refuses such URLs, and its message would repeat the password.
  return url.username === '' && url.password === '' ? undefined : 'must not hold a user name or a password.'
}

/** `stateHome` is the value of XDG_STATE_HOME; by its specification a relative path is ignored. */
export function clientSettings(
  { JOBLEDGER_URL, JOBLEDGER_TOKEN, JOBLEDGER_TOKEN_FILE, JOBLEDGER_SPOOL }: z.output<typeof CLIENT_VARIABLES>,
  stateHome: string | undefined,
): ClientConfig {
  const state = stateHome && isAbsolute(stateHome) ? stateHome : join(home(), '.local/state')
  const spoolDir = JOBLEDGER_SPOOL === undefined ? join(state, 'jobledger/spool') : resolve(JOBLEDGER_SPOOL)
  const token = JOBLEDGER_TOKEN_FILE === undefined ? JOBLEDGER_TOKEN : fileToken(resolve(JOBLEDGER_TOKEN_FILE))
  const given = { JOBLEDGER_TOKEN, JOBLEDGER_TOKEN_FILE }
  const tokenFrom = CREDENTIALS.find((name) => given[name] !== undefined)
  return { url: JOBLEDGER_URL, token, tokenFrom, spoolDir }
}

/** Why the token file cannot be read; undefined if it can, or if none is set. */
export function tokenFileFault(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    return `JOBLEDGER_TOKEN_FILE must be a file that can be read (${(error as Error).message}).`
  }
}

/** Reads the file for each request: it is replaced when its token expires. */
function fileToken(path: string): () => Promise<string> {
  return async () => {
    const text = await readFile(path, 'utf8').catch((cause: Error) => {
      throw new Error(`JOBLEDGER_TOKEN_FILE cannot be read (${cause.message})`, { cause })
    })
    if (isToken(text.trim())) return text.trim()
    throw new Error('the file of JOBLEDGER_TOKEN_FILE must hold one word of printable ASCII')
  }
}

/**
 * HOME, unless it is empty or relative; otherwise the home folder of the system's user. A user
 * without a name, as in containers, may have none. Then the spool cannot be written, which is
 * reported when it is used.
 */
function home(): string {
  try {
    const given = homedir()
    return isAbsolute(given) ? given : userInfo().homedir
  } catch {
    return '/'
  }
}
