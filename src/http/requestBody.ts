// Reads the body of a request.
import type { IncomingMessage } from 'node:http'
import { GraphQLError } from 'graphql'

export class RequestBody {
  private readonly message: IncomingMessage
  private readonly limitBytes: number
  private reject: ((reason: Error) => void) | undefined

  constructor(message: IncomingMessage, limitBytes: number) {
    this.message = message
    this.limitBytes = limitBytes
  }

  /** The length that the client announced; the limit for a chunked body. */
  get expectedBytes(): number {
    return Math.min(Number(this.message.headers['content-length'] ?? this.limitBytes), this.limitBytes)
  }

  /**
   * @throws GraphQLError if the body exceeds the limit; the reason of `discard`; Error if the
   * client disconnects before it has sent the whole body
   */
  read(): Promise<Buffer> {
    const { message, limitBytes } = this
    return new Promise((resolve, reject) => {
      this.reject = reject
      const chunks: Buffer[] = []
      let bytes = 0
      message.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > limitBytes) this.discard(bodyTooLarge(limitBytes))
        else chunks.push(chunk)
      })
      message.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
      message.on('error', reject)
    })
  }

  /** Stops reading. Bytes that still arrive are dropped. */
  discard(reason: Error): void {
    this.message.removeAllListeners('data')
    this.message.resume()
    this.reject?.(reason)
  }
}

export function bodyTooLarge(limitBytes: number): GraphQLError {
  const http = { status: 413 }
  const message = `The request body must be at most ${limitBytes} bytes.`
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http } })
}
