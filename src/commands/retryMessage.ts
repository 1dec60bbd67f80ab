// Rewords temporary errors for commands: the messages of the API are about requests.
import { OutcomeUnknownError, type RetryableError } from '../database/retryableErrors.ts'

export function retryMessage(error: RetryableError): string {
  if (error instanceof OutcomeUnknownError)
    return 'The database did not confirm the last change: it may have been written or not. Run the command again.'
  return error.message.replace('Send the request again later.', 'Run the command again later.')
}
