// Describes the credential of a command to the user: its source, and whether its roles suffice.
// Never its value.
import type { Role } from '../access/roles.ts'
import { labelOf, type Operation, rolesFor, scopeOf } from '../access/roles.ts'
import type { ViewerRolesQuery } from '../client/documents.generated.ts'
import type { RequestRefusedError } from '../client/requestErrors.ts'
import type { ClientConfig } from '../config/client.ts'

export function credentialSource({ tokenFrom }: Pick<ClientConfig, 'tokenFrom'>): string {
  if (tokenFrom === undefined)
    return (
      'No credential is set: set JOBLEDGER_TOKEN to a token or an API key, or ' +
      'JOBLEDGER_TOKEN_FILE to a file that holds it.'
    )
  return (
    'The credential was read from ' +
    `${tokenFrom === 'JOBLEDGER_TOKEN_FILE' ? 'the file of JOBLEDGER_TOKEN_FILE' : tokenFrom}.`
  )
}

/** The message of a refusal, with the source of the credential if that is at fault. */
export function refusalMessage({ message, isAboutInput }: RequestRefusedError, config: ClientConfig): string {
  return isAboutInput ? message : `${message} ${credentialSource(config)}`
}

/** The operations of a command that creates jobs and works on them itself. */
const NEEDED: readonly Operation[] = ['jobs:create', 'jobs:work']

/**
 * Why a caller cannot create jobs and work on them; undefined if it can, or if its roles are
 * unknown.
 */
export function missingRole(command: string, viewer: ViewerRolesQuery['viewer'] | undefined): string | undefined {
  if (viewer == null) return undefined
  const { actor, roles } = viewer
  const missing = NEEDED.find((operation) => scopeOf(roles as Role[], operation) === 'none')
  if (missing === undefined) return undefined
  const held = roles.length === 0 ? 'none' : roles.join(', ')
  return `${actor} may not ${labelOf(missing)}: \`${command}\` needs one of the roles ${rolesFor(missing).join(', ')} for that; the credential has ${held}.`
}

/** Replaces the API fields in a server message with the options that set them. */
export function withOptions(message: string, options: Readonly<Record<string, string>>): string {
  return message.replaceAll(/(?<![^\s])(?:\w+\.)*(\w+):(?=\s)/g, (whole, field: string) => options[field] ?? whole)
}
