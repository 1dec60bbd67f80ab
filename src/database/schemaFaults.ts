// Handles statements that fail because the schema or the rights are not yet what this version
// needs. During a restore, tables, functions and indexes appear one by one. Clients retry such a
// request later. The log shows the error.

import { DatabaseUnavailableError } from './retryableErrors.ts'
import { sqlStateOf } from './sqlErrors.ts'

/**
 * Syntax error or access rule violation (no such table, column, function or unique constraint; no
 * right), and no such schema.
 */
const OF_SCHEMA = /^(?:42|3F)/
/**
 * A violated constraint or guard: an incomplete set of guards refuses what the complete set
 * accepts. Or an object that was just dropped (40P01, XX000).
 */
const OF_GUARDS = /^(?:23|40P01|XX000|JL00)/

export interface SchemaFaultOptions {
  /**
   * Whether schema and rights are correct, checked because the error raised doubt. Does not reject.
   */
  checkSchema(error: unknown): Promise<{ readonly ready: boolean }>
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
export function schemaFaults({ checkSchema, onOwnFault }: SchemaFaultOptions): (error: unknown) => Promise<unknown> {
  return async (error) => {
    const state = sqlStateOf(error) ?? ''
    if (OF_SCHEMA.test(state)) {
      void checkSchema(error).then(({ ready }) => {
        if (ready) onOwnFault({ err: error })
      })
      return schemaNotReady(error)
    }
    return OF_GUARDS.test(state) && !(await checkSchema(error)).ready ? schemaNotReady(error) : error
  }
}

const schemaNotReady = (cause: unknown): DatabaseUnavailableError =>
  new DatabaseUnavailableError('The database lacks a part of its schema or a right.', { cause })
