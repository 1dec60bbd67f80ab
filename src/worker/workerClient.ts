// The HTTP client of a worker: sends requests with a deadline, classifies failures and notices
// outages. It does not retry: only the caller knows whether a request may be repeated.

import { Credential, type Token } from '../client/credential.ts'
import {
  failureOf,
  networkFailure,
  outcomeOf,
  RequestRefusedError,
  ServerUnavailableError,
} from '../client/requestErrors.ts'
import { type ApiResponse, sendOperation, type TypedDocument } from '../client/sendOperation.ts'
import type { Emit } from './workerEvent.ts'

export interface WorkerClientOptions {
  readonly url: string
  readonly token: Token | undefined
  readonly emit: Emit
  /** Aborts every request. */
  readonly shutdown: AbortSignal
}

const REQUEST_MS = 15_000

export class WorkerClient {
  /** Number of requests to which the server has responded. */
  responseCount = 0
  private readonly options: WorkerClientOptions
  private readonly credential: Credential
  private unavailableSince: number | undefined

  constructor(options: WorkerClientOptions) {
    this.options = options
    this.credential = new Credential(options.token)
  }

  /** Resolves to the data of the response. @throws ServerUnavailableError, RequestRefusedError */
  async send<Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    variables: Variables,
    timeoutMs: number = REQUEST_MS,
  ): Promise<Data> {
    const { url } = this.options
    try {
      const response = await this.request<Data>({ query: document.toString(), variables }, timeoutMs)
      const failure = failureOf(url, response)
      if (failure) throw failure
      this.noteResponse()
      return response.data
    } catch (error) {
      if (error instanceof ServerUnavailableError) this.noteUnavailable(error)
      throw error
    }
  }

  /** Resolves to the outcome of a mutation. @throws ServerUnavailableError, RequestRefusedError */
  async mutate<Outcome, Variables extends object>(
    document: TypedDocument<{ readonly outcome: Outcome | null }, Variables>,
    variables: Variables,
    timeoutMs?: number,
  ): Promise<Outcome> {
    return outcomeOf(this.options.url, await this.send(document, variables, timeoutMs))
  }

  /** Converts a refusal that arrived as data into an error. */
  refusal(code: string, detail: string): RequestRefusedError {
    return new RequestRefusedError(this.options.url, code, detail)
  }

  private async request<Data>(
    operation: { query: string; variables: object },
    timeoutMs: number,
  ): Promise<ApiResponse<Data>> {
    const { url, shutdown } = this.options
    // Not AbortSignal.any(): its result lives as long as `shutdown`, which is as long as the
    // worker.
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(new Error(`no response within ${timeoutMs} ms`)), timeoutMs)
    const onShutdown = (): void => deadline.abort(shutdown.reason)
    shutdown.addEventListener('abort', onShutdown, { once: true })
    try {
      shutdown.throwIfAborted()
      const send = (headers: Record<string, string>) => sendOperation<Data>(url, operation, headers, deadline.signal)
      return await this.credential.send(send, deadline.signal)
    } catch (error) {
      throw networkFailure(url, error, this.responseCount > 0)
    } finally {
      clearTimeout(timer)
      shutdown.removeEventListener('abort', onShutdown)
    }
  }

  private noteResponse(): void {
    this.responseCount += 1
    if (this.unavailableSince === undefined) return
    const unavailableMs = Math.round(performance.now() - this.unavailableSince)
    this.unavailableSince = undefined
    this.options.emit({ type: 'serverRecovered', unavailableMs })
  }

  private noteUnavailable(error: ServerUnavailableError): void {
    // During shutdown the failure is our own.
    if (this.unavailableSince !== undefined || this.options.shutdown.aborted) return
    this.unavailableSince = performance.now()
    this.options.emit({ type: 'serverUnavailable', error })
  }
}
