// Estimates the memory of a request from its body, what it reads and its response, and counts it
// against the budget of the process.
import { GraphQLError } from 'graphql'
import type { Holding } from './memoryBudget.ts'
import { READ_FACTOR } from './responseSize.ts'

// The factors were measured with Node 20.
/** The bytes of a body, their text, and the values parsed from it. */
const PER_BODY_BYTE = 6
/** The bytes that the database sends, and the strings made of them. */
const PER_READ_BYTE = 2
/**
 * The objects made of rows. The smaller of this and PER_NODE applies: bytes limit many small rows,
 * the number limits few large rows.
 */
const OBJECTS_PER_READ_BYTE = 10
const PER_NODE = 1024
/** The text of the response, and its bytes. */
const PER_RESPONSE_BYTE = 3

/** The share of the memory limit that one response can take. */
const MAX_RESPONSE_SHARE = 0.85

const RETRY_AFTER_SECONDS = 1

/**
 * The largest response that a memory limit allows, in bytes: what is read of it, and the response.
 */
export function maxResponseBytes(memoryLimitBytes: number): number {
  return Math.floor((MAX_RESPONSE_SHARE * memoryLimitBytes) / (PER_READ_BYTE + PER_RESPONSE_BYTE))
}

export class RequestMemory {
  private readonly holding: Holding
  private body = 0
  private nodes = 0
  private read = 0
  private response = 0

  constructor(holding: Holding) {
    this.holding = holding
  }

  /** Counts the body. @throws GraphQLError with the code UNAVAILABLE if the request was aborted */
  addBody(bytes: number): void {
    this.body = bytes
    this.update()
    this.check()
  }

  /** Sets the maximum number of nodes that the operation reads. */
  expectNodes(nodes: number): void {
    this.nodes = nodes
  }

  /** Counts bytes that the database sent. */
  addRead(bytes: number): void {
    this.read += bytes
    this.update()
  }

  /**
   * Counts the response, which is sent next.
   *
   * @throws GraphQLError with the code UNAVAILABLE if the request was aborted
   */
  startResponse(bytes: number): void {
    this.response = bytes
    this.update()
    this.check()
    this.holding.send()
  }

  /** Sets a function that is called once instead of aborting the request. Undefined removes it. */
  onStop(retry: (() => void) | undefined): void {
    this.holding.onStop(retry)
  }

  /**
   * Resets the bytes read, and waits until enough memory for a response of the maximum size is
   * reserved.
   *
   * @throws GraphQLError with the code UNAVAILABLE if too many requests of the caller wait, or the
   * request is aborted
   */
  async reserve(responseLimitBytes: number, signal: AbortSignal): Promise<void> {
    this.read = 0
    const max = PER_BODY_BYTE * this.body + (READ_FACTOR * PER_READ_BYTE + PER_RESPONSE_BYTE) * responseLimitBytes
    if (!(await this.holding.reserve(max, signal))) throw outOfMemory()
  }

  /** From now on the request is not stopped, because it writes to the database. */
  protect(): void {
    this.holding.protect()
  }

  release(): void {
    this.holding.release()
  }

  /**
   * @throws GraphQLError with the code UNAVAILABLE if the request was aborted for lack of memory
   */
  check(): void {
    if (this.holding.isAborted) throw outOfMemory()
  }

  /**
   * Call before a mutation, which cannot be stopped once it runs.
   *
   * @throws GraphQLError with the code UNAVAILABLE if its caller has used up the memory
   */
  checkLimit(): void {
    if (this.holding.isOverLimit) throw outOfMemory()
  }

  private update(): void {
    const objects = Math.min(PER_NODE * this.nodes, OBJECTS_PER_READ_BYTE * this.read)
    // Until the size of the response is known, assume that of what was read.
    const response = PER_RESPONSE_BYTE * (this.response || this.read)
    this.holding.hold(PER_BODY_BYTE * this.body + PER_READ_BYTE * this.read + objects + response)
  }
}

function outOfMemory(): GraphQLError {
  const http = { status: 503, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } }
  return new GraphQLError(
    'The server does not have enough memory for this request. Retry later, or request less data at once.',
    {
      extensions: { code: 'UNAVAILABLE', retryAfterSeconds: RETRY_AFTER_SECONDS, http },
    },
  )
}
