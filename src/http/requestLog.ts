// Logs requests: all of them at level debug, and slow requests and statements as warnings.
import type { ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Caller } from '../access/caller.ts'
import type { LimitedLog } from './anonymousLog.ts'

/** Maximum length of a statement in the log. */
const MAX_LOGGED_CHARS = 2000
/** Maximum length of the name of an operation in the log. */
const MAX_NAME_CHARS = 200

export interface RequestLogOptions {
  /** The log of requests without a caller (anonymousLog.ts). */
  readonly anonymous: LimitedLog
  readonly log: Logger
  /** Requests and statements that take this long or longer are slow; 0 turns this off. */
  readonly slowThresholdMs: number
}

/** The log of one request. Its lines name the request, its caller and its operation, once known. */
export class RequestLog {
  readonly requestId: string
  /**
   * Called when a statement of the request has ended, with its text and its duration in
   * milliseconds.
   */
  readonly statementEnded: ((text: string, durationMs: number) => void) | undefined
  private readonly options: RequestLogOptions
  private current: LimitedLog
  private actor: string | undefined
  private operation: string | undefined

  /** Must be called when the request starts. */
  constructor(requestId: string, response: ServerResponse, options: RequestLogOptions) {
    this.requestId = requestId
    this.options = options
    this.current = options.anonymous
    const { slowThresholdMs } = options
    if (slowThresholdMs > 0) this.statementEnded = (text, durationMs) => this.logSlowStatement(text, durationMs)
    if (slowThresholdMs === 0 && !options.log.isLevelEnabled('debug')) return
    const startedAt = performance.now()
    response.once('close', () => this.logEnd(response, performance.now() - startedAt))
  }

  /** The lines of unauthenticated requests are limited. */
  get logger(): LimitedLog {
    return this.current
  }

  setCaller({ actor }: Caller): void {
    this.current = this.options.log
    this.actor = actor
  }

  setOperation(kind: string, name = '(unnamed)'): void {
    this.operation = `${kind} ${name.slice(0, MAX_NAME_CHARS)}`
  }

  write(level: 'debug' | 'warn', fields: object, message: string): void {
    this.current[level]({ ...this.fields(), ...fields }, message)
  }

  private logSlowStatement(text: string, durationMs: number): void {
    if (durationMs < this.options.slowThresholdMs) return
    this.write('warn', { durationMs: rounded(durationMs), statement: oneLine(text) }, 'slow statement')
  }

  private logEnd(response: ServerResponse, tookMs: number): void {
    const { slowThresholdMs } = this.options
    // The client decides how long a subscription lasts.
    const isSlow = slowThresholdMs > 0 && tookMs >= slowThresholdMs && !this.operation?.startsWith('subscription')
    const logsAll = this.current.isLevelEnabled('debug')
    if (!isSlow && !logsAll) return
    const isAnswered = response.writableFinished
    const durationMs = rounded(tookMs)
    const fields = isAnswered ? { status: response.statusCode, durationMs } : { durationMs }
    if (isSlow) this.write('warn', fields, isAnswered ? 'slow request' : 'slow request, client disconnected')
    if (logsAll) this.write('debug', fields, isAnswered ? 'request answered' : 'client disconnected')
  }

  private fields(): { requestId: string; operation: string | undefined; actor: string | undefined } {
    const { requestId, operation, actor } = this
    return { requestId, operation, actor }
  }
}

function oneLine(statement: string): string {
  return statement.replace(/\s+/g, ' ').trim().slice(0, MAX_LOGGED_CHARS)
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}
