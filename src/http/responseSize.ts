// Limits the size of a query response, or of one event of a subscription. The number of nodes is
// limited before the operation runs, but their sizes are known only afterwards. The response of a
// mutation is limited before the mutation commits (ledger/returnedJob.ts).
import { type ExecutionResult, GraphQLError } from 'graphql'
import type { QueryResult } from './executeOperation.ts'
import type { RequestMemory } from './requestMemory.ts'

/**
 * The database may send this many times the size of a response: column names, and columns that are
 * not part of the response.
 */
export const READ_FACTOR = 2

/** Counts the bytes that the database sends for one request, or for one event of a subscription. */
export class ResponseSizeLimit {
  readonly limitBytes: number
  isExceeded = false
  private read = 0
  private readonly onExceeded: () => void

  constructor(limitBytes: number, onExceeded: () => void) {
    this.limitBytes = limitBytes
    this.onExceeded = onExceeded
  }

  /** Starts at 0 again: for the next event, or for the next attempt of an operation. */
  restart(): void {
    this.read = 0
  }

  addRead(bytes: number): void {
    this.read += bytes
    if (this.read > READ_FACTOR * this.limitBytes) this.exceed()
  }

  /** Aborts the request. */
  exceed(): void {
    if (this.isExceeded) return
    this.isExceeded = true
    this.onExceeded()
  }
}

/**
 * Larger events take turns, because measuring and writing one blocks the thread for milliseconds.
 */
const LARGE_EVENT_BYTES = 256 * 1024

/**
 * Returns an error instead of a result that is too large to be written, or for which there is not
 * enough memory.
 */
export function limitResult(result: QueryResult, { responseSize, memory }: Limits, isMutation: boolean): QueryResult {
  const { limitBytes } = responseSize
  const { data, dataText } = result
  const bytes =
    dataText === undefined
      ? minimumBytes(data, isMutation ? Number.POSITIVE_INFINITY : limitBytes)
      : Buffer.byteLength(dataText)
  if (responseSize.isExceeded || (!isMutation && bytes > limitBytes))
    return { errors: [tooLarge('response', limitBytes)] }
  try {
    memory.startResponse(bytes)
    return result
  } catch (error) {
    return { errors: [error as GraphQLError] }
  }
}

interface Limits {
  readonly responseSize: ResponseSizeLimit
  readonly memory: RequestMemory
}

/**
 * The results of the events of a subscription. Large ones wait for `turn`. An event that is too
 * large ends the stream. A client that resumes from the event before gets it again, and must
 * request less data.
 */
export async function* limitEvents(
  results: AsyncIterable<ExecutionResult>,
  size: ResponseSizeLimit,
  turn: () => Promise<void>,
): AsyncGenerator<ExecutionResult> {
  for await (const result of results) {
    if (minimumBytes(result.data, LARGE_EVENT_BYTES) > LARGE_EVENT_BYTES) await turn()
    if (size.isExceeded || minimumBytes(result.data, size.limitBytes) > size.limitBytes) {
      yield { errors: [tooLarge('event', size.limitBytes)] }
      return
    }
    yield result
  }
}

function tooLarge(what: 'response' | 'event', limit: number): GraphQLError {
  const message = `The ${what} would exceed the limit of ${limit} bytes. Request smaller pages or fewer large fields (content, output, metadata).`
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', limit, http: { spec: true, status: 400 } } })
}

/**
 * A lower bound for the size of a value as JSON. Stops counting above `limit`. Without recursion,
 * because stored JSON may be nested deeper than the stack allows.
 */
function minimumBytes(root: unknown, limit: number): number {
  const pending: object[] = []
  // A long string may occur many times and is measured once.
  const texts = new Map<string, number>()
  const bytesOf = (value: unknown): number => {
    if (typeof value === 'string') return textBytes(value, texts)
    if (typeof value !== 'object' || value === null) return 1
    pending.push(value)
    return 2
  }
  let bytes = bytesOf(root)
  for (let value = pending.pop(); value !== undefined && bytes <= limit; value = pending.pop()) {
    if (Array.isArray(value)) for (const item of value) bytes += bytesOf(item)
    else for (const key in value) bytes += key.length + 4 + bytesOf((value as Record<string, unknown>)[key])
  }
  return bytes
}

/** Shorter strings are counted without their escapes. */
const MEASURED_LENGTH = 1000

/** Counts the escapes of JSON, which make a character up to six times as long. */
function textBytes(text: string, texts: Map<string, number>): number {
  if (text.length < MEASURED_LENGTH) return text.length + 2
  const measured = texts.get(text)
  if (measured !== undefined) return measured
  let bytes = text.length + 2
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < CONTROL_END) bytes += SHORT_ESCAPES.has(code) ? 1 : 5
    else if (code === QUOTE || code === BACKSLASH) bytes += 1
    else if (code >= 0x80) bytes += 1
  }
  texts.set(text, bytes)
  return bytes
}

const CONTROL_END = 0x20
/** \b \t \n \f \r */
const SHORT_ESCAPES = new Set([8, 9, 10, 12, 13])
const [QUOTE, BACKSLASH] = [34, 92]
