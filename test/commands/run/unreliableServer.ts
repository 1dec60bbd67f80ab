// A server behind a proxy that a test can make refuse, hang or lose responses.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { startTestServer, type TestServer, type TestServerOptions } from '../../support/server.ts'

/**
 * The fate of a request: a response; no response; processed but the response is lost; or dropped
 * with the connection.
 */
export type Fate = 'pass' | 'hang' | 'lose' | 'cut'

export interface UnreliableServer extends TestServer {
  /** The endpoint of the proxy. */
  readonly endpoint: string
  /** Names of received operations, in order. */
  readonly operations: string[]
  /** Decides for each operation; `pass` after `clear`. */
  decide(fateOf: (operation: string) => Fate): void
  clear(): void
}

export async function startUnreliableServer(options: TestServerOptions = {}): Promise<UnreliableServer> {
  const server = await startTestServer(options)
  const operations: string[] = []
  const always = (): Fate => 'pass'
  let fateOf: (operation: string) => Fate = always

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const operation = /(?:query|mutation) (\w+)/.exec(body)?.[1] ?? ''
    operations.push(operation)
    const fate = fateOf(operation)
    if (fate === 'hang') return
    if (fate === 'cut') return void request.socket.destroy()
    const headers = { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' }
    const answer = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body })
    const content = await answer.text()
    if (fate === 'lose') request.socket.destroy()
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(content)
  }
  const proxy = createServer((request, response) => void forward(request, response))
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    ...server,
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/graphql`,
    operations,
    decide(next) {
      fateOf = next
    },
    clear() {
      fateOf = always
      operations.length = 0
    },
    async close() {
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
      await server.close()
    },
  }
}
