// The guards of a request, by phase, in the order in which the request meets them.

import type { PreparedDocuments, PreparedOperation } from '../preparedDocuments.ts'
import type { ReceivedRequest } from '../request.ts'
import { bodyTooLarge } from '../requestBody.ts'
import { requirePreflight } from './csrf.ts'
import { requireLoopbackHost } from './hostHeader.ts'
import { requireAcceptableResponse, requireJsonBody } from './mediaTypes.ts'
import { requireMethod, requireMethodFor } from './method.ts'
import { checkParameters, type Parameters, type RawParameters } from './parameters.ts'
import { ownDocument, trustedDocument } from './trustedDocuments.ts'

export interface GuardOptions {
  /** The server is open, and only this machine can reach it. */
  readonly loopbackOnly: boolean
  /** For development: requests of web pages of this machine are accepted. */
  readonly exploration: boolean
  readonly bodyLimitBytes: number
  /** The documents of the dashboard, by id. Clients may always send their ids. */
  readonly ownDocuments: ReadonlyMap<string, string>
  /** The only other documents that may run, by id. Undefined allows all documents. */
  readonly trustedDocuments: ReadonlyMap<string, string> | undefined
}

/** Before the caller is known. @throws GraphQLError */
export function guardOrigin({ message: { headers } }: ReceivedRequest, options: GuardOptions): void {
  if (options.loopbackOnly) requireLoopbackHost(headers.host)
  if (!options.exploration) requirePreflight(headers)
}

/** Before the body is read. @throws GraphQLError; RefusedRequest */
export function guardBody({ message, accepted }: ReceivedRequest, { bodyLimitBytes }: GuardOptions): void {
  requireAcceptableResponse(accepted)
  requireMethod(message.method)
  if (message.method === 'POST') requireJsonBody(message.headers)
  if (Number(message.headers['content-length'] ?? 0) > bodyLimitBytes) throw bodyTooLarge(bodyLimitBytes)
}

/** Before the document is read. @throws GraphQLError */
export function guardParameters(given: RawParameters, { ownDocuments, trustedDocuments }: GuardOptions): Parameters {
  const own = ownDocument(given, ownDocuments)
  if (own !== undefined) return checkParameters(own, false)
  const parameters = trustedDocuments ? trustedDocument(given, trustedDocuments) : given
  return checkParameters(parameters, trustedDocuments !== undefined)
}

/**
 * Before the operation is executed. Returns it, and the nodes that it could touch.
 *
 * @throws GraphQLError; InvalidDocumentError
 */
export function guardOperation(
  { query, operationName, variables }: Parameters,
  method: string | undefined,
  documents: PreparedDocuments,
): { operation: PreparedOperation; cost: number } {
  const operation = documents.operation(query, operationName)
  requireMethodFor(operation.kind, method)
  documents.requireValid(operation)
  return { operation, cost: documents.costOf(operation, variables) }
}
