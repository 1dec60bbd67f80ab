// A substitute for Pub/Sub that rejects messages, which Google's emulator does not. It supports
// only `Publish` over gRPC, as far as the library needs it: a request is a header of five bytes and
// a protobuf message with the published messages in field 2.
import { once } from 'node:events'
import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { emulatorAt } from './pubSubEmulator.ts'

export interface PubSubStandIn {
  readonly environment: ReturnType<typeof emulatorAt>
  /** The ids of the accepted events, in order. */
  readonly accepted: string[]
  /** Number of rejected requests. */
  refusals: number
  /**
   * Whether to reject an event, by its text. A request with such an event is rejected as a whole.
   */
  refuses(event: string): boolean
  close(): Promise<void>
}

const OK = '0'
const INVALID_ARGUMENT = '3'

export async function startPubSubStandIn(): Promise<PubSubStandIn> {
  const server = createServer()
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => sessions.add(session))
  server.on('stream', (stream) => {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => answer(stream, messagesOf(Buffer.concat(parts).subarray(5)), standIn))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const standIn: PubSubStandIn = {
    environment: emulatorAt((server.address() as AddressInfo).port),
    accepted: [],
    refusals: 0,
    refuses: () => false,
    async close() {
      for (const session of sessions) session.destroy()
      server.close()
    },
  }
  return standIn
}

function answer(stream: ServerHttp2Stream, messages: readonly string[], standIn: PubSubStandIn): void {
  const isRefused = messages.some((message) => standIn.refuses(message))
  if (isRefused) standIn.refusals += 1
  else standIn.accepted.push(...messages.map((message) => /"eventId":"([^"]+)"/.exec(message)?.[1] ?? ''))
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => {
    const status = { 'grpc-status': isRefused ? INVALID_ARGUMENT : OK }
    stream.sendTrailers(isRefused ? { ...status, 'grpc-message': 'this message is refused' } : status)
  })
  stream.end(isRefused ? undefined : frame(messages.map((_, index) => stringField(1, `id-${index}`))))
}

function messagesOf(request: Buffer): string[] {
  const messages: string[] = []
  for (let at = 0; at < request.length; ) {
    const [tag, length, start] = fieldAt(request, at)
    if (tag === ((2 << 3) | 2)) messages.push(request.subarray(start, start + length).toString())
    at = start + length
  }
  return messages
}

/** The tag of a length-delimited field, its length, and the start of its content. */
function fieldAt(bytes: Buffer, at: number): [tag: number, length: number, start: number] {
  let length = 0
  let next = at + 1
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[next++] ?? 0
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return [bytes[at] ?? 0, length, next]
  }
}

function stringField(number: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, text.length]), Buffer.from(text)])
}

function frame(fields: Buffer[]): Buffer {
  const body = Buffer.concat(fields)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}
