// A proxy between a worker and its server that loses requests or responses, as networks do.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/**
 * The fate of a request: pass, pass later, be lost, be processed without a response, or get a
 * response from the proxy.
 */
export type Fate =
  | 'pass'
  | 'lost'
  | 'answerLost'
  | { readonly passAfter: Promise<void> }
  | { readonly status: number; readonly headers?: Record<string, string> }

export interface UnreliableProxy {
  readonly url: string
  /** The operations that were received since the last decision, in order. */
  readonly seen: readonly { readonly operation: string; readonly fate: Fate }[]
  /**
   * Decides by the name of the operation and how often it was received before. By default all pass.
   */
  decide(fateOf: (operation: string, before: number) => Fate): void
  /** Replaces the headers of requests. */
  readonly headers: Record<string, string>
  close(): Promise<void>
}

export async function startProxy(serverUrl: string): Promise<UnreliableProxy> {
  const seen: { operation: string; fate: Fate }[] = []
  const headers: Record<string, string> = {}
  let fateOf: (operation: string, before: number) => Fate = () => 'pass'

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const operation = /^\s*(?:mutation|query) (\w+)/.exec(JSON.parse(body).query)?.[1] ?? ''
    const fate = fateOf(operation, seen.filter((one) => one.operation === operation).length)
    seen.push({ operation, fate })
    if (fate === 'lost') {
      response.destroy()
    } else if (typeof fate === 'object' && 'status' in fate) {
      response.writeHead(fate.status, fate.headers).end('the answer of a proxy')
    } else {
      if (typeof fate === 'object') await fate.passAfter
      const { authorization } = { ...request.headers, ...headers }
      const answer = await fetch(`${serverUrl}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        body,
      })
      const answered = await answer.text()
      if (fate === 'answerLost') response.destroy()
      else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answered)
    }
  }

  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    seen,
    headers,
    decide(decided) {
      seen.length = 0
      fateOf = decided
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
