// How clients see database failures that they can retry.
import { expect, it } from 'vitest'
import { DatabaseUnavailableError, OutcomeUnknownError } from '../../src/database/retryableErrors.ts'
import { maskError } from '../../src/graphql/errors.ts'
import { createLogger } from '../../src/log.ts'

const request = { requestId: 'r1', log: createLogger({ level: 'silent', readable: false }) }

it.each([
  ['UNAVAILABLE', DatabaseUnavailableError],
  ['OUTCOME_UNKNOWN', OutcomeUnknownError],
])('answers %s with 503, Retry-After and the message', (code, Failure) => {
  const error = maskError(new Failure('All connections are in use.', { retryAfterSeconds: 3 }), request)
  expect(error.message).toBe('All connections are in use. Send the request again later.')
  expect(error.extensions).toEqual({
    code,
    retryAfterSeconds: 3,
    http: { status: 503, headers: { 'retry-after': '3' } },
  })
})
