// The message of a temporary error for commands. The advice of the API is about requests.
import { OutcomeUnknownError, type RetryableError } from '../database/retryableErrors.ts'

export function retryMessage(error: RetryableError): string {
  if (error instanceof OutcomeUnknownError)
    return 'The database did not confirm the last change: it may have been written or not. Run the command again.'
  return `${error.reason} Run the command again later.`
}
