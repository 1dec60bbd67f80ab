// What the benchmark says when it cannot go on.

import { ServerStartError } from '../load/serverProcess.ts'
import { EmbeddedDatabaseError } from '../src/database/embedded/errors.ts'
import { MigrationError } from '../src/database/migrations.ts'
import { BenchError } from './benchError.ts'

const TOLD = [BenchError, ServerStartError, MigrationError, EmbeddedDatabaseError]

/** A sentence, where somebody at the terminal can mend it; the error itself, to be shown with its stack, where it is a fault of ours. */
export function toldOf(error: unknown): unknown {
  if (TOLD.some((kind) => error instanceof kind)) return (error as Error).message
  if (!(error instanceof Error) || !isFromOutside(error)) return error
  // Where a host has several addresses, each was refused, and what is around that says nothing.
  const messages = error instanceof AggregateError ? error.errors.map(({ message }: Error) => message) : [error.message]
  return `The benchmark cannot go on: ${messages.join('; ')} (${error.code}).`
}

/** Of the operating system, such as ENOSPC, or of PostgreSQL, whose codes are SQLSTATEs: Node's own for wrong calls begin otherwise. */
function isFromOutside(error: Error): error is Error & { readonly code: string } {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && !code.startsWith('ERR_')
}
