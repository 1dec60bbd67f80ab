// Requests as bytes on a socket, and the answers as they came: headers in their order and writing, and what no client of HTTP would send.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawRequest {
  readonly path?: string
  /** Names and values in this order; a name may come twice. Host and content-length go without saying, unless they are here. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Buffer
}

export interface RawAnswer {
  /** The first line. */
  readonly status: string
  /** The other lines of the head. */
  readonly headers: readonly string[]
  /** Without the framing of chunks. */
  readonly body: string
}

/** One connection, on which one thing is sent after the other. */
export class RawConnection {
  private readonly socket: Socket
  private readonly host: string
  private received = Buffer.alloc(0)
  private missing: Buffer = Buffer.alloc(0)
  private isOver = false

  private constructor(socket: Socket, host: string) {
    this.socket = socket
    this.host = host
    socket.on('data', (part: Buffer) => {
      this.received = Buffer.concat([this.received, part])
    })
    // Of a connection that is cut, what came before counts.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.isOver = true
    })
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port, host } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new RawConnection(socket, host)
  }

  /** A request; all of it, or all but so many of its last bytes. */
  send({ path = '/graphql', headers = [], body = '' }: RawRequest, missing = 0): void {
    const has = (name: string): boolean => headers.some(([given]) => given.toLowerCase() === name)
    const all = [
      ...(has('host') ? [] : [['host', this.host] as const]),
      ...(has('content-length') ? [] : [['content-length', String(Buffer.byteLength(body))] as const]),
      ...headers,
    ]
    const head = [`POST ${path} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')
    const whole = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
    this.missing = whole.subarray(whole.length - missing)
    this.socket.write(whole.subarray(0, whole.length - missing))
  }

  /** Sends the bytes that were missing. */
  sendMissing(): void {
    this.socket.write(this.missing)
  }

  /** Says that nothing more will come. */
  end(): void {
    this.socket.end()
  }

  /** Cuts the connection. */
  cut(): void {
    this.socket.destroy()
  }

  /** All that comes until the server closes. */
  async rest(): Promise<string> {
    while (!this.isOver) await once(this.socket, 'close')
    return this.received.toString()
  }

  /** The next answer; of one that does not end, all up to where its body has `until`. Rejects if the connection closes before. */
  async answer(until?: string): Promise<RawAnswer> {
    for (;;) {
      const found = parse(this.received, until)
      if (found) {
        this.received = this.received.subarray(found.length)
        return found.answer
      }
      if (this.isOver) throw new Error(`The connection was closed after: ${this.received.toString()}`)
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')])
    }
  }
}

/** Undefined: not all of it is there. */
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
