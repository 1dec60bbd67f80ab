// Handles statements that fail because the schema or the rights are not yet what this version
// needs. During a restore, tables, functions and indexes appear one by one. Clients retry such a
// request later. The log shows the error.

import type { FailureExplainer } from './cancellation.ts'
import { DatabaseUnavailableError } from './retryableErrors.ts'
import { sqlStateOf } from './sqlErrors.ts'

/**
 * Syntax error or access rule violation (no such table, column, function or unique constraint; no
 * right), and no such schema.
 */
const SCHEMA_ERROR = /^(?:42|3F)/
/**
 * Failures that do not depend on the schema: of the connection, of a read-only session, of a
 * conflict, of resources, by an operator or a timeout, and answers that are too large (JL020). An
 * incomplete schema can cause any other: guards, defaults, indexes and numbers of sequences that do
 * not exist yet, or objects that were just dropped.
 */
const UNRELATED_TO_SCHEMA = /^(?:08|25|40001|53|57|JL020)/

export interface SchemaFaultOptions {
  /**
   * Whether schema and rights are correct and have been since `startedAt` (`performance.now`),
   * checked because the error raised doubt. Does not reject.
   */
  checkSchema(error: unknown, startedAt: number): Promise<{ readonly ready: boolean }>
  /**
   * Called when a statement was refused although the database is correct: a fault of this server.
   */
  onOwnFault(facts: { readonly err: unknown }): void
}

/**
 * For the option `explainFailure` of a database. Turns an error that the schema explains into a
 * DatabaseUnavailableError with that error as its cause. PostgreSQL refused the statement, so
 * nothing was written.
 */
export function schemaFaults({ checkSchema, onOwnFault }: SchemaFaultOptions): FailureExplainer {
  return async (error, startedAt) => {
    const state = sqlStateOf(error)
    if (state === undefined || UNRELATED_TO_SCHEMA.test(state)) return error
    if (SCHEMA_ERROR.test(state)) {
      void checkSchema(error, startedAt).then(({ ready }) => {
        if (ready) onOwnFault({ err: error })
      })
      return schemaNotReady(error)
    }
    return (await checkSchema(error, startedAt)).ready ? error : schemaNotReady(error)
  }
}

const schemaNotReady = (cause: unknown): DatabaseUnavailableError =>
  new DatabaseUnavailableError('The database lacks a part of its schema or a right.', { cause })
