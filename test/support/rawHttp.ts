// Sends requests as bytes on a socket, also invalid ones, and reads responses with the order and
// case of their headers.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawRequest {
  /** POST by default. */
  readonly method?: string
  readonly path?: string
  /**
   * Names and values in order; names may repeat. Host and content-length are added if they are
   * missing, the latter unless the body is chunked.
   */
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Buffer
}

export interface RawAnswer {
  /** The status line. */
  readonly status: string
  /** The header lines. */
  readonly headers: readonly string[]
  /** Without chunk framing. */
  readonly body: string
}

/** One connection, for requests in sequence. */
export class RawConnection {
  private readonly socket: Socket
  private readonly host: string
  private received = Buffer.alloc(0)
  private missing: Buffer = Buffer.alloc(0)
  private isClosed = false
  /** Responses to HEAD have no body, whatever length they announce. */
  private isHead = false

  private constructor(socket: Socket, host: string) {
    this.socket = socket
    this.host = host
    socket.on('data', (part: Buffer) => {
      this.received = Buffer.concat([this.received, part])
    })
    // If the connection breaks, the data received before is still used.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port, host } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new RawConnection(socket, host)
  }

  /** Sends a request without its last `missing` bytes. */
  send({ method = 'POST', path = '/graphql', headers = [], body = '' }: RawRequest, missing = 0): void {
    this.isHead = method === 'HEAD'
    const has = (name: string): boolean => headers.some(([header]) => header.toLowerCase() === name)
    const all = [
      ...(has('host') ? [] : [['host', this.host] as const]),
      ...(has('content-length') || has('transfer-encoding')
        ? []
        : [['content-length', String(Buffer.byteLength(body))] as const]),
      ...headers,
    ]
    const head = [`${method} ${path} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')
    const whole = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
    this.missing = whole.subarray(whole.length - missing)
    this.socket.write(whole.subarray(0, whole.length - missing))
  }

  /** Sends the missing bytes. */
  sendMissing(): void {
    this.socket.write(this.missing)
  }

  /** Ends the sending side of the connection. */
  end(): void {
    this.socket.end()
  }

  /** Cuts the connection. */
  cut(): void {
    this.socket.destroy()
  }

  /** Resolves to all received data when the connection is closed. */
  async rest(): Promise<string> {
    while (!this.isClosed) await once(this.socket, 'close')
    return this.received.toString()
  }

  /**
   * Resolves to the next response, up to `until` in its body if given. Rejects if the connection
   * closes before.
   */
  async answer(until?: string): Promise<RawAnswer> {
    for (;;) {
      const found = parse(this.received, this.isHead ? '' : until)
      if (found) {
        this.received = this.received.subarray(found.length)
        return found.answer
      }
      if (this.isClosed) throw new Error(`The connection was closed after: ${this.received.toString()}`)
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')])
    }
  }
}

/** Returns undefined if the response is incomplete. */
function parse(bytes: Buffer, until: string | undefined): { answer: RawAnswer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [status = '', ...headers] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n')
  const headerOf = (name: string): string | undefined =>
    headers.find((line) => line.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2)
  const start = headEnd + 4
  const read =
    headerOf('transfer-encoding') === 'chunked' ? chunks(bytes, start) : plain(bytes, start, headerOf('content-length'))
  const body = read.body.toString()
  const cutAt = until === undefined ? -1 : body.indexOf(until)
  if (cutAt >= 0 && until !== undefined)
    return { answer: { status, headers, body: body.slice(0, cutAt + until.length) }, length: bytes.length }
  return read.isWhole ? { answer: { status, headers, body }, length: read.end } : undefined
}

interface ReadBody {
  readonly body: Buffer
  readonly isWhole: boolean
  readonly end: number
}

function plain(bytes: Buffer, start: number, length = '0'): ReadBody {
  const end = start + Number(length)
  return { body: bytes.subarray(start, end), isWhole: bytes.length >= end, end }
}

function chunks(bytes: Buffer, start: number): ReadBody {
  const parts: Buffer[] = []
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return { body: Buffer.concat(parts), isWhole: false, end: at }
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString(), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return { body: Buffer.concat(parts), isWhole: false, end: at }
    if (size === 0) return { body: Buffer.concat(parts), isWhole: true, end: next }
    parts.push(bytes.subarray(lineEnd + 2, next - 2))
    at = next
  }
}
