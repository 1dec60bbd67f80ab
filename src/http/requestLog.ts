// What the log says of requests: each of them for those who look for something, and those that take long, with their statements, for everybody.
import type { ServerResponse } from 'node:http'
import type { RequestScope } from './requestScope.ts'

/** Of the text of a statement. */
const MAX_LOGGED_CHARACTERS = 2000

/** Watches one request from its beginning. A request or a statement that takes `slowThresholdMs` or longer is slow; 0: none is. */
export function logRequest(response: ServerResponse, scope: RequestScope, slowThresholdMs: number): void {
  const tellsAll = scope.log.isLevelEnabled('debug')
  if (!tellsAll && slowThresholdMs === 0) return
  const startedAt = performance.now()
  if (slowThresholdMs > 0) {
    scope.statementEnded = (text, durationMs) => {
      if (durationMs < slowThresholdMs) return
      const facts = { ...factsOf(scope), durationMs: rounded(durationMs), statement: oneLine(text) }
      scope.log.warn(facts, 'slow statement')
    }
  }
  response.once('close', () => {
    const isAnswered = response.writableFinished
    const durationMs = rounded(performance.now() - startedAt)
    const facts = { ...factsOf(scope), ...(isAnswered ? { status: response.statusCode } : {}), durationMs }
    // A subscription lasts as long as its client likes.
    const isSlow =
      slowThresholdMs > 0 && facts.durationMs >= slowThresholdMs && !scope.operation?.startsWith('subscription')
    if (isSlow) scope.log.warn(facts, isAnswered ? 'slow request' : 'slow request, given up by the client')
    if (tellsAll) scope.log.debug(facts, isAnswered ? 'request answered' : 'request given up by the client')
  })
}

function factsOf({ requestId, operation, caller }: RequestScope) {
  return { requestId, operation, actor: caller?.actor }
}

function oneLine(statement: string): string {
  return statement.replace(/\s+/g, ' ').trim().slice(0, MAX_LOGGED_CHARACTERS)
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10
}
