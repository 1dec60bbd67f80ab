// Formats the error that stops the benchmark.

import { ServerStartError } from '../load/serverProcess.ts'
import { EmbeddedDatabaseError } from '../src/database/embedded/errors.ts'
import { MigrationError } from '../src/database/migrations.ts'
import { BenchError } from './benchError.ts'

const USER_ERRORS = [BenchError, ServerStartError, MigrationError, EmbeddedDatabaseError]

/**
 * A sentence if the user can fix the problem. Otherwise a fault of ours: the error with its stack.
 */
export function userMessage(error: unknown): unknown {
  if (USER_ERRORS.some((kind) => error instanceof kind)) return (error as Error).message
  if (!(error instanceof Error) || !isFromOutside(error)) return error
  // If a host has several addresses, the outer error says nothing and the inner ones say why each
  // failed.
  const messages = error instanceof AggregateError ? error.errors.map(({ message }: Error) => message) : [error.message]
  return `The benchmark cannot continue: ${messages.join('; ')} (${error.code}).`
}

/**
 * Codes of the operating system, such as ENOSPC, and SQLSTATEs of PostgreSQL. Node's codes for
 * wrong calls start otherwise.
 */
function isFromOutside(error: Error): error is Error & { readonly code: string } {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && !code.startsWith('ERR_')
}
