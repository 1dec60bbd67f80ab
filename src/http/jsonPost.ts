// Most requests are one JSON text by POST, and so are their answers. Yoga and its hooks see them like any others, but they are spared the
// way through the objects of the Fetch standard, whose streams cost more than all else that HTTP does. The hooks onRequest and onResponse
// belong to the server around Yoga, which they do not pass: a plugin that must see every request may not rely on those.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendNodeResponse } from '@whatwg-node/server'
import type { Plugin, YogaServer } from 'graphql-yoga'
import type { ServerContext } from './requestScope.ts'

type Yoga = YogaServer<ServerContext, ServerContext>

/** Answers one request. */
export type AnswerJsonPost = (
  request: IncomingMessage,
  response: ServerResponse,
  context: ServerContext,
) => Promise<void>

/** A plugin that takes nothing but a hold of its Yoga, and what then answers requests that are `isJsonPost`. */
export function jsonPosts(): { plugin: Plugin<ServerContext, ServerContext>; answer: AnswerJsonPost } {
  let yoga: Yoga | undefined
  return {
    plugin: {
      onYogaInit: (init) => {
        yoga = init.yoga as unknown as Yoga
      },
    },
    async answer(request, response, context) {
      if (yoga === undefined) throw new Error('Yoga was not made yet.')
      // Of the request and its context it asks for no more than they have.
      const answer = await yoga.handle(new JsonPost(request) as unknown as Request, context as never)
      await sendNodeResponse(answer, response, request, true)
    },
  }
}

/** Whether a request to `path` is a JSON text whose length is told beforehand. Any other goes the long way. */
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

/** What Yoga and its plugins read of a request (Fetch standard, "Request"). Its length is checked by them before the text is asked for. */
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
    // Nobody takes more of it than the path.
    this.url = `http://localhost${url}`
    this.headers = { get, has: (name) => get(name) !== null }
  }

  /** @throws Error if the client goes before it has sent the whole text */
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
