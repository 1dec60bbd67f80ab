// Logs requests: all of them at level debug, and slow requests and statements as warnings.
import type { ServerResponse } from 'node:http'
import type { RequestScope } from './requestScope.ts'

/** Maximum length of a statement in the log. */
const MAX_LOGGED_CHARS = 2000

/**
 * Must be called when a request starts. Requests and statements of `slowThresholdMs` or longer are
 * slow; 0 turns this off.
 */
export function logRequest(response: ServerResponse, scope: RequestScope, slowThresholdMs: number): void {
  const logsAll = scope.log.isLevelEnabled('debug')
  if (!logsAll && slowThresholdMs === 0) return
  const startedAt = performance.now()
  if (slowThresholdMs > 0) {
    scope.statementEnded = (text, durationMs) => {
      if (durationMs < slowThresholdMs) return
      const fields = { ...fieldsOf(scope), durationMs: rounded(durationMs), statement: oneLine(text) }
      scope.log.warn(fields, 'slow statement')
    }
  }
  response.once('close', () => {
    const isAnswered = response.writableFinished
    const durationMs = rounded(performance.now() - startedAt)
    const fields = { ...fieldsOf(scope), ...(isAnswered ? { status: response.statusCode } : {}), durationMs }
    // The client decides how long a subscription lasts.
    const isSlow = slowThresholdMs > 0 && durationMs >= slowThresholdMs && !scope.operation?.startsWith('subscription')
    if (isSlow) scope.log.warn(fields, isAnswered ? 'slow request' : 'slow request, client disconnected')
    if (logsAll) scope.log.debug(fields, isAnswered ? 'request answered' : 'client disconnected')
  })
}

function fieldsOf({ requestId, operation, caller }: RequestScope) {
  return { requestId, operation, actor: caller?.actor }
}

function oneLine(statement: string): string {
  return statement.replace(/\s+/g, ' ').trim().slice(0, MAX_LOGGED_CHARS)
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}
