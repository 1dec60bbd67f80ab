// The fast path: most requests are a JSON body by POST with a JSON response. Yoga and its plugins
// handle them as any others, but without the objects of the Fetch standard, whose streams cost more
// than all other HTTP work. The hooks onRequest and onResponse belong to the server around Yoga and
// do not run on the fast path, so a plugin that must see every request cannot use them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendNodeResponse } from '@whatwg-node/server'
import type { Plugin, YogaServer } from 'graphql-yoga'
import type { ServerContext } from './requestScope.ts'

type Yoga = YogaServer<ServerContext, ServerContext>

/** Answers one request on the fast path. */
export type AnswerJsonPost = (
  request: IncomingMessage,
  response: ServerResponse,
  context: ServerContext,
) => Promise<void>

/**
 * Returns a plugin that captures the Yoga instance, and the function that answers requests that are
 * `isJsonPost`.
 */
export function jsonPosts(): { plugin: Plugin<ServerContext, ServerContext>; answer: AnswerJsonPost } {
  let yoga: Yoga | undefined
  return {
    plugin: {
      onYogaInit: (init) => {
        yoga = init.yoga as unknown as Yoga
      },
    },
    async answer(request, response, context) {
      if (yoga === undefined) throw new Error('The Yoga instance does not exist yet.')
      // JsonPost has every member of a request that Yoga reads.
      const result = await yoga.handle(new JsonPost(request) as unknown as Request, context as never)
      await sendNodeResponse(result, response, request, true)
    },
  }
}

/**
 * Whether a request is a JSON POST to `path` with a known length. Any other request takes the
 * standard path through Yoga's server.
 */
export function isJsonPost({ method, url, headers }: IncomingMessage, path: string): boolean {
  return (
    method === 'POST' &&
    url === path &&
    headers['content-type'] === 'application/json' &&
    headers['content-length'] !== undefined &&
    headers['transfer-encoding'] === undefined &&
    headers['content-encoding'] === undefined
  )
}

/**
 * The members of a Fetch request that Yoga and its plugins read. They check its length before they
 * read the body.
 */
class JsonPost {
  readonly method = 'POST'
  readonly body = null
  readonly url: string
  readonly headers: { get(name: string): string | null; has(name: string): boolean }
  private readonly request: IncomingMessage

  constructor(request: IncomingMessage) {
    const { headers, url } = request
    const get = (name: string): string | null => {
      const value = headers[name.toLowerCase()]
      return value === undefined ? null : String(value)
    }
    this.request = request
    // Only the path is used.
    this.url = `http://localhost${url}`
    this.headers = { get, has: (name) => get(name) !== null }
  }

  /** @throws Error if the client disconnects before it has sent the whole body */
  arrayBuffer(): Promise<ArrayBufferLike> {
    const { request } = this
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => void chunks.push(chunk))
      request.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks)).buffer))
      request.on('error', reject)
    })
  }
}
