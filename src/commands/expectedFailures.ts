// Errors that the user can fix; their messages are complete sentences.
import { ApiKeyError } from '../access/apiKeys.ts'
import { RequestRefusedError } from '../client/requestErrors.ts'
import { ConfigError } from '../config.ts'
import { UnusableDatabaseError } from '../database/checkDatabase.ts'
import { deniedRight } from '../database/deniedRight.ts'
import { EmbeddedDatabaseError } from '../database/embedded/errors.ts'
import { MigrationError } from '../database/migrations.ts'
import { RetryableError } from '../database/retryableErrors.ts'
import { temporaryFailure } from '../database/temporaryFailures.ts'
import { ListenError } from '../http/server.ts'
import { InvalidInputError } from '../ledger/errors.ts'
import { EventsFileError } from '../publishing/fileSink.ts'
import { PubSubSetUpError } from '../publishing/pubSub/setUp.ts'
import { OutputError } from './output.ts'
import { UsageError } from './program/usageError.ts'
import { retryMessage } from './retryMessage.ts'

const EXPECTED = [
  ConfigError,
  UnusableDatabaseError,
  EmbeddedDatabaseError,
  MigrationError,
  ListenError,
  EventsFileError,
  ApiKeyError,
  InvalidInputError,
  UsageError,
  OutputError,
  PubSubSetUpError,
  RequestRefusedError,
]

/** The message to report for an expected error; undefined for an unexpected one. */
export function expectedMessage(error: unknown): string | undefined {
  const denied = deniedRight(error instanceof RetryableError ? error.cause : error)
  if (denied !== undefined) return denied
  const retryable = error instanceof RetryableError ? error : temporaryFailure(error)
  if (retryable !== undefined) return retryMessage(retryable)
  return EXPECTED.some((kind) => error instanceof kind) ? (error as Error).message : undefined
}
