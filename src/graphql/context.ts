// What every resolver is given. Who the caller is, is decided here and nowhere else.
import { GraphQLError } from 'graphql'
import type { Logger } from 'pino'
import { InputCheck } from '../ledger/inputCheck.ts'
import type { Ledger } from '../ledger/ledger.ts'

export interface GraphQLContext {
  readonly ledger: Ledger
  /** In whose name the records of this request are written; also the owner of new jobs that name none. */
  readonly actor: string
  /** Names the request in answers and in the log. */
  readonly requestId: string
  readonly log: Logger
}

/** @throws GraphQLError with the code BAD_USER_INPUT if the caller names an actor that the ledger would refuse. */
export function createContext(parts: {
  ledger: Ledger
  request: Request
  requestId: string
  log: Logger
}): GraphQLContext {
  const { ledger, request, requestId, log } = parts
  return { ledger, requestId, log, actor: actorOf(request, ledger) }
}

// Callers are believed: there is no access control yet.
function actorOf(request: Request, ledger: Ledger): string {
  const actor = utf8(request.headers.get('x-actor') ?? 'anonymous')
  const check = new InputCheck(ledger.limits)
  check.actor(actor)
  const [issue] = check.issues
  if (issue) throw new GraphQLError(`The header x-actor ${issue.message}`, { extensions: { code: 'BAD_USER_INPUT' } })
  return actor
}

// HTTP reads the bytes of a header as Latin-1; those who send another alphabet send UTF-8.
function utf8(header: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'latin1'))
  } catch {
    return header
  }
}
