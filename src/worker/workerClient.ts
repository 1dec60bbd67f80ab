// The connection of a worker to the server: sends its requests under a deadline, sorts their failures, and notices when the server
// goes away and comes back. Repeats nothing: whether a request may be sent again is for the sender to know.

import { Credential, type Token } from '../client/credential.ts'
import {
  failureOf,
  networkFailure,
  outcomeOf,
  RequestRefusedError,
  ServerUnavailableError,
} from '../client/requestErrors.ts'
import { type Answer, sendOperation, type TypedDocument } from '../client/sendOperation.ts'
import type { Emit } from './workerEvent.ts'

export interface WorkerClientOptions {
  readonly url: string
  readonly token: Token | undefined
  readonly emit: Emit
  /** Ends every request when it is aborted. */
  readonly shutdown: AbortSignal
}

const REQUEST_MS = 15_000

export class WorkerClient {
  /** How many requests were answered. */
  responseCount = 0
  private readonly options: WorkerClientOptions
  private readonly credential: Credential
  private unavailableSince: number | undefined

  constructor(options: WorkerClientOptions) {
    this.options = options
    this.credential = new Credential(options.token)
  }

  /** Resolves to the data of the answer. @throws ServerAwayError, RequestRefusedError */
  async send<Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
    timeoutMs: number = REQUEST_MS,
  ): Promise<Data> {
    const { url } = this.options
    try {
      const answer = await this.answer<Data>({ query: document.toString(), variables }, timeoutMs)
      const failure = failureOf(url, answer)
      if (failure) throw failure
      this.noteResponse()
      return answer.data
    } catch (error) {
      if (error instanceof ServerUnavailableError) this.noteUnavailable(error)
      throw error
    }
  }

  /** Resolves to the outcome of a mutation. @throws ServerAwayError, RequestRefusedError */
  async mutate<Outcome, Variables extends object>(
    document: TypedDocument<{ readonly outcome: Outcome | null }, Variables>,
    variables: Variables,
    timeoutMs?: number,
  ): Promise<Outcome> {
    return outcomeOf(this.options.url, await this.send(document, variables, timeoutMs))
  }

  /** The refusal of an answer that is one, although it came as data. */
  refusal(code: string, detail: string): RequestRefusedError {
    return new RequestRefusedError(this.options.url, code, detail)
  }

  private async answer<Data>(
    operation: { query: string; variables: object },
    timeoutMs: number,
  ): Promise<Answer<Data>> {
    const { url, shutdown } = this.options
    // Not AbortSignal.any(): what it makes lives as long as `shutdown`, which is as long as the worker.
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    const giveUp = (): void => deadline.abort(shutdown.reason)
    shutdown.addEventListener('abort', giveUp, { once: true })
    try {
      shutdown.throwIfAborted()
      const send = (headers: Record<string, string>) => sendOperation<Data>(url, operation, headers, deadline.signal)
      return await this.credential.send(send, deadline.signal)
    } catch (error) {
      throw networkFailure(url, error, this.responseCount > 0)
    } finally {
      clearTimeout(timer)
      shutdown.removeEventListener('abort', giveUp)
    }
  }

  private noteResponse(): void {
    this.responseCount += 1
    if (this.unavailableSince === undefined) return
    const awayMs = Math.round(performance.now() - this.unavailableSince)
    this.unavailableSince = undefined
    this.options.emit({ type: 'serverBack', awayMs })
  }

  private noteUnavailable(error: ServerUnavailableError): void {
    // At the end of the worker it is we who go.
    if (this.unavailableSince !== undefined || this.options.shutdown.aborted) return
    this.unavailableSince = performance.now()
    this.options.emit({ type: 'serverAway', error })
  }
}
