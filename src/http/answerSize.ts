// How large the answer to a query may become: nodes are counted before it runs, but how much each of them holds is known only then.
// The answer of a mutation was bounded before the mutation committed (ledger/jobAnswer.ts).
import { type ExecutionResult, GraphQLError } from 'graphql'
import type { ServerPlugin } from './requestScope.ts'

/** What the database sends for an answer may be so many times as large: names of columns, and columns that only decide. */
const READ_FACTOR = 2

/** Counts what the database sends for one request. */
export class AnswerSize {
  readonly limitBytes: number
  isOver = false
  private read = 0
  private readonly onOver: () => void

  constructor(limitBytes: number, onOver: () => void) {
    this.limitBytes = limitBytes
    this.onOver = onOver
  }

  received(bytes: number): void {
    this.read += bytes
    if (this.isOver || this.read <= READ_FACTOR * this.limitBytes) return
    this.isOver = true
    this.onOver()
  }
}

/** Refuses answers that are too large, before they are written. */
export function limitAnswerSize(): ServerPlugin {
  return {
    onResultProcess({ result, setResult, serverContext: { scope } }) {
      if (Array.isArray(result) || Symbol.asyncIterator in result) return
      const { answerSize, operation } = scope
      const tooLarge =
        answerSize.isOver || (!operation?.startsWith('mutation') && isLarger(result, answerSize.limitBytes))
      if (tooLarge) setResult({ errors: [refusal(answerSize.limitBytes)] })
    },
  }
}

function refusal(limit: number): GraphQLError {
  const message = `The answer would be larger than ${limit} bytes, which is the limit. Ask for smaller pages, or for less of what is large (content, output, metadata).`
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', limit, http: { spec: true, status: 400 } } })
}

/** Whether the result takes up more than so many bytes of JSON, at the least. Stops where it does; one text may stand in many places. */
function isLarger({ data }: ExecutionResult, limit: number): boolean {
  return leastBytes(data, limit) > limit
}

/** Of the value and all it holds; where there are more than `limit`, as many as were counted by then. */
function leastBytes(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 1
  let bytes = 2
  if (Array.isArray(value)) {
    for (const item of value) {
      bytes += leastBytes(item, limit - bytes)
      if (bytes > limit) break
    }
    return bytes
  }
  for (const key in value) {
    bytes += key.length + 4 + leastBytes((value as Record<string, unknown>)[key], limit - bytes)
    if (bytes > limit) break
  }
  return bytes
}
