// How much memory a request takes, estimated from what it sends, reads and answers, and counted against the budget of the process.
import type { IncomingMessage } from 'node:http'
import { GraphQLError, getOperationAST, OperationTypeNode } from 'graphql'
import type { Holding } from './memoryBudget.ts'
import type { RequestScope, ServerPlugin } from './requestScope.ts'
import { READ_FACTOR } from './responseSize.ts'

// Measured with Node 20. Of a body: the bytes, their text, and the values made of it.
const PER_BODY_BYTE = 6
/** What the database sends, and the texts made of it. */
const PER_READ_BYTE = 2
/** The objects made of what the database sends: many small rows are bound by their bytes, few large ones by their number. */
const OBJECTS_PER_READ_BYTE = 10
const PER_NODE = 1024
/** The text of the answer, and its bytes. */
const PER_ANSWER_BYTE = 3

const RETRY_AFTER_SECONDS = 1

export class RequestMemory {
  private readonly holding: Holding
  private body = 0
  private nodes = 0
  private read = 0
  private answer = 0

  constructor(holding: Holding) {
    this.holding = holding
  }

  /** @throws GraphQLError with the code UNAVAILABLE if the request was given up */
  sends(bytes: number): void {
    this.body = bytes
    this.update()
    this.check()
  }

  /** At most so many nodes are read. */
  expects(nodes: number): void {
    this.nodes = nodes
  }

  received(bytes: number): void {
    this.read += bytes
    this.update()
  }

  /** @throws GraphQLError with the code UNAVAILABLE if the request was given up */
  answers(bytes: number): void {
    this.answer = bytes
    this.update()
    this.check()
    this.holding.send()
  }

  /** `stop` is called once instead of giving the request up while its answer is read, until this is called again. */
  onStop(stop: (() => void) | undefined): void {
    this.holding.onStop(stop)
  }

  /**
   * Forgets what was read, and waits until there is memory to read as much as an answer may take.
   *
   * @throws GraphQLError with the code UNAVAILABLE if too many requests of the caller wait, or the request is given up meanwhile
   */
  async reserve(responseLimitBytes: number, signal: AbortSignal): Promise<void> {
    this.read = 0
    const most = PER_BODY_BYTE * this.body + (READ_FACTOR * PER_READ_BYTE + PER_ANSWER_BYTE) * responseLimitBytes
    if (!(await this.holding.reserve(most, signal))) throw noMemory()
  }

  /** From now on it is not given up: it writes. */
  keep(): void {
    this.holding.keep()
  }

  release(): void {
    this.holding.release()
  }

  check(): void {
    if (this.holding.isGivenUp) throw noMemory()
  }

  private update(): void {
    const objects = Math.min(PER_NODE * this.nodes, OBJECTS_PER_READ_BYTE * this.read)
    // Before the answer is there, it is taken for as large as what was read.
    const answer = PER_ANSWER_BYTE * (this.answer || this.read)
    this.holding.hold(PER_BODY_BYTE * this.body + PER_READ_BYTE * this.read + objects + answer)
  }
}

function noMemory(): GraphQLError {
  const http = { status: 503, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } }
  return new GraphQLError('The server has no memory for this request now. Retry later, or ask for less at once.', {
    extensions: { code: 'UNAVAILABLE', retryAfterSeconds: RETRY_AFTER_SECONDS, http },
  })
}

/** Counts bodies before they are read. To stand behind what parses them. */
export function boundBodies(limitBytes: number): ServerPlugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser, serverContext: { scope } }) {
      if (request.method !== 'POST' || requestParser === undefined) return
      const length = Number(request.headers.get('content-length') ?? limitBytes)
      setRequestParser(async (received) => {
        scope.memory.sends(Math.min(length, limitBytes))
        return Promise.race([requestParser(received), givenUp(scope)])
      })
    },
    onExecute({ args }) {
      const { memory } = args.contextValue.scope
      memory.check()
      if (getOperationAST(args.document, args.operationName)?.operation === OperationTypeNode.MUTATION) memory.keep()
    },
  }
}

function givenUp({ memory, deadline: { signal } }: RequestScope): Promise<never> {
  return new Promise((_, reject) => {
    const look = (): void => {
      try {
        memory.check()
      } catch (error) {
        reject(error)
      }
    }
    signal.addEventListener('abort', look, { once: true })
  })
}

/** What is still to come of a request that was given up is not kept. */
export function dropBody(request: IncomingMessage): void {
  request.removeAllListeners('data')
  request.resume()
}
