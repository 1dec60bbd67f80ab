// Sends GraphQL operations over persistent connections, with as little work per request as Node's
// own client allows.
import { Agent, request } from 'node:http'
import { WrongResponseError } from './benchError.ts'

const MAX_SHOWN_CHARACTERS = 300

export class HttpTarget {
  private readonly agent: Agent
  private readonly url: URL
  private readonly headers: Readonly<Record<string, string>>
  /** The process that answers, if it is known. */
  pid: number | undefined

  /** `headers` are sent with every request. */
  constructor(endpoint: string, connections: number, headers: Readonly<Record<string, string>> = {}) {
    this.headers = headers
    this.url = new URL(endpoint)
    this.agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  get endpoint(): URL {
    return this.url
  }

  /**
   * Sends an operation that is already JSON, and returns the text of the response.
   *
   * @throws WrongResponseError for every status but 200, and for a response with errors
   */
  async send(operation: string): Promise<string> {
    const { status, text } = await this.post(operation)
    const errors = text.indexOf('"errors"')
    if (status !== 200 || errors >= 0)
      throw new WrongResponseError(
        `status ${status}: ${text.slice(Math.max(0, errors)).slice(0, MAX_SHOWN_CHARACTERS)}`,
      )
    return text
  }

  /** Returns the data of the response. The caller knows its type. */
  async ask<Data>(query: string, variables?: object): Promise<Data> {
    return (JSON.parse(await this.send(JSON.stringify({ query, variables }))) as { data: Data }).data
  }

  close(): void {
    this.agent.destroy()
  }

  /** Returns the response to any body, with any status. */
  post(operation: string, type = 'application/json'): Promise<{ status: number | undefined; text: string }> {
    const { hostname, port, pathname } = this.url
    const headers = { ...this.headers, 'content-type': type, 'content-length': Buffer.byteLength(operation) }
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { hostname, port, path: pathname, method: 'POST', agent: this.agent, headers },
        (incoming) => {
          const parts: Buffer[] = []
          incoming.on('data', (part: Buffer) => parts.push(part))
          incoming.once('error', reject)
          incoming.once('end', () => resolve({ status: incoming.statusCode, text: Buffer.concat(parts).toString() }))
        },
      )
      outgoing.once('error', reject)
      outgoing.end(operation)
    })
  }
}
