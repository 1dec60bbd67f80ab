// How large the answer to a query, or one event of a subscription, may become: nodes are counted before it runs, but how much each of them holds is known only then.
// The answer of a mutation was bounded before the mutation committed (ledger/jobAnswer.ts).
import { type ExecutionResult, GraphQLError } from 'graphql'
import { PacedTurns } from '../fairness/pacedTurns.ts'
import type { ServerPlugin } from './requestScope.ts'

/** What the database sends for an answer may be so many times as large: names of columns, and columns that only decide. */
export const READ_FACTOR = 2

/** Counts what the database sends for one request, or for one event of a subscription. */
export class ResponseSizeLimit {
  readonly limitBytes: number
  isOver = false
  private read = 0
  private readonly onOver: () => void

  constructor(limitBytes: number, onOver: () => void) {
    this.limitBytes = limitBytes
    this.onOver = onOver
  }

  /** What was read before does not count: for earlier events, or before the operation began again. */
  restart(): void {
    this.read = 0
  }

  received(bytes: number): void {
    this.read += bytes
    if (this.isOver || this.read <= READ_FACTOR * this.limitBytes) return
    this.isOver = true
    this.onOver()
  }
}

/** Larger events take turns: to measure and to write one keeps the thread for milliseconds. */
const LARGE_EVENT_BYTES = 256 * 1024

/** Refuses answers and events that are too large, before they are written. */
export function limitResponseSize(): ServerPlugin {
  const turns = new PacedTurns()
  return {
    onResultProcess({ result, setResult, serverContext: { scope } }) {
      if (Array.isArray(result)) return
      const { answerSize, memory, operation, callerKey = '' } = scope
      if (Symbol.asyncIterator in result) {
        setResult(limitEach(result, answerSize, () => turns.next(callerKey)))
        return
      }
      const isMutation = operation?.startsWith('mutation') ?? false
      const bytes = leastBytes(result.data, isMutation ? Number.POSITIVE_INFINITY : answerSize.limitBytes)
      const isTooLarge = answerSize.isOver || (!isMutation && bytes > answerSize.limitBytes)
      if (isTooLarge) setResult({ errors: [refusal('answer', answerSize.limitBytes)] })
      else {
        const fault = faultOf(() => memory.answers(bytes))
        if (fault) setResult({ errors: [fault] })
      }
    },
  }
}

function faultOf(check: () => void): GraphQLError | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return error as GraphQLError
  }
}

/** An event that is too large ends the stream: whoever goes on from the event before meets it again, and has to ask for less. */
async function* limitEach(
  results: AsyncIterable<ExecutionResult>,
  size: ResponseSizeLimit,
  turn: () => Promise<void>,
): AsyncGenerator<ExecutionResult> {
  for await (const result of results) {
    if (leastBytes(result.data, LARGE_EVENT_BYTES) > LARGE_EVENT_BYTES) await turn()
    if (size.isOver || leastBytes(result.data, size.limitBytes) > size.limitBytes) {
      yield { errors: [refusal('event', size.limitBytes)] }
      return
    }
    yield result
  }
}

function refusal(what: 'answer' | 'event', limit: number): GraphQLError {
  const message = `The ${what} would be larger than ${limit} bytes, which is the limit. Ask for smaller pages, or for less of what is large (content, output, metadata).`
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', limit, http: { spec: true, status: 400 } } })
}

/**
 * Of the JSON of a value, at the least; where there are more than `limit`, as many as were counted by then. One text may stand in many places.
 * Without recursion: stored JSON may be deeper than the stack.
 */
function leastBytes(root: unknown, limit: number): number {
  const pending: object[] = []
  // A long text that stands in many places is measured once.
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

/** Shorter texts are counted by their length alone. */
const SHORT = 1000

/** Characters that JSON escapes take up to six times their length. */
function textBytes(text: string, texts: Map<string, number>): number {
  if (text.length < SHORT) return text.length + 2
  const known = texts.get(text)
  if (known !== undefined) return known
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
