// Sends the operations of a command to a running server. Failures are sentences for the user.
import { setTimeout as sleep } from 'node:timers/promises'
import { Credential } from '../client/credential.ts'
import { ServerUnavailableError } from '../client/requestErrors.ts'
import { sendOperation, type TypedDocument } from '../client/sendOperation.ts'
import type { ClientConfig } from '../config/client.ts'
import { credentialSource, withOptions } from './credential.ts'
import { UsageError } from './program/usageError.ts'
import { typedCommand } from './typedCommand.ts'

/** @throws UsageError */
export type Send = <Data, Variables>(document: TypedDocument<Data, Variables>, variables: Variables) => Promise<Data>

const REQUEST_MS = 60_000
/** HTTP status of a rate limit. */
const TOO_MANY_REQUESTS = 429
const MAX_FAILURE_CHARS = 1000

/** `options`: the options of the command, by the fields of the API that they set. */
export function apiSender(config: ClientConfig, options: Readonly<Record<string, string>> = {}): Send {
  const { url } = config
  const credential = new Credential(config.token)
  return async function send<Data, Variables>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const operation = { query: document.toString(), variables: variables as object }
    const signal = AbortSignal.timeout(REQUEST_MS)
    const request = (headers: Record<string, string>) => sendOperation<Data>(url, operation, headers, signal)
    const response = await credential.send(request, signal).catch((error: Error) => {
      if (error instanceof ServerUnavailableError) throw new UsageError(error.message)
      throw new UsageError(
        `No response from ${url} (${describeFailure(error.cause ?? error)}): start the ` +
          `server with "${typedCommand('start')}", or pass its endpoint as --url.`,
      )
    })
    if (response.status === TOO_MANY_REQUESTS) {
      await sleep(Number(response.headers.get('retry-after') ?? 1) * 1000)
      return send(document, variables)
    }
    const [error] = response.errors ?? []
    if (error) {
      const isAboutCaller = ['UNAUTHENTICATED', 'FORBIDDEN'].includes(String(error.extensions?.code))
      const message = withOptions(error.message, options)
      throw new UsageError(`The server refused: ${message}${isAboutCaller ? ` ${credentialSource(config)}` : ''}`)
    }
    return response.data
  }
}

/** Describes an error in at most 1000 characters. */
export function describeFailure(error: unknown): string {
  return (
    error instanceof Error ? error.message || ((error as NodeJS.ErrnoException).code ?? error.name) : String(error)
  ).slice(0, MAX_FAILURE_CHARS)
}
