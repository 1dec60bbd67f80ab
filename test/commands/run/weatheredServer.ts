// A server behind a proxy that a test can make refuse, hang or lose responses.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { startTestServer, type TestServer, type TestServerOptions } from '../../support/server.ts'

/**
 * The fate of a request: a response; no response; processed but the response is lost; or dropped
 * with the connection.
 */
export type Weather = 'fair' | 'hang' | 'lose' | 'cut'

export interface WeatheredServer extends TestServer {
  /** The endpoint of the proxy. */
  readonly endpoint: string
  /** Names of received operations, in order. */
  readonly operations: string[]
  /** Decides for each operation; `fair` after `clear`. */
  forecast(weather: (operation: string) => Weather): void
  clear(): void
}

export async function startWeatheredServer(options: TestServerOptions = {}): Promise<WeatheredServer> {
  const server = await startTestServer(options)
  const operations: string[] = []
  const fair = (): Weather => 'fair'
  let weather: (operation: string) => Weather = fair

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const operation = /(?:query|mutation) (\w+)/.exec(body)?.[1] ?? ''
    operations.push(operation)
    const fate = weather(operation)
    if (fate === 'hang') return
    if (fate === 'cut') return void request.socket.destroy()
    const headers = { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' }
    const answer = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body })
    const content = await answer.text()
    if (fate === 'lose') request.socket.destroy()
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(content)
  }
  const proxy = createServer((request, response) => void pass(request, response))
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    ...server,
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/graphql`,
    operations,
    forecast(next) {
      weather = next
    },
    clear() {
      weather = fair
      operations.length = 0
    },
    async close() {
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
      await server.close()
    },
  }
}
