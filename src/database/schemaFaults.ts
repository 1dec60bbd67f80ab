// Statements that fail because the schema or the rights are not, or not yet, what this version needs: while a restore runs, tables, functions and
// indexes appear one after the other. Callers send such a request again later; the log says what it was.

import { DatabaseUnavailableError } from './retryableErrors.ts'
import { sqlStateOf } from './sqlErrors.ts'

/** Syntax error or access rule violation (no such table, column, function, unique constraint; no right), and no such schema. */
const OF_SCHEMA = /^(?:42|3F)/
/** A constraint or a guard: half of the guards refuse what all of them together let pass. Or an object that was just dropped (40P01, XX000). */
const OF_GUARDS = /^(?:23|40P01|XX000|JL00)/

export interface SchemaFaultOptions {
  /** Whether schema and rights are what they should be, now that the error has made it doubtful. Does not reject. */
  look(error: unknown): Promise<{ readonly ready: boolean }>
  /** A statement was refused although nothing is wrong with the database: a fault of this server. */
  onOwnFault(facts: { readonly err: unknown }): void
}

/**
 * For the option `explainFailure` of a database: what the schema is the reason of becomes a DatabaseUnavailableError with the error as its cause.
 * PostgreSQL has refused the statement, so nothing was written.
 */
export function schemaFaults({ look, onOwnFault }: SchemaFaultOptions): (error: unknown) => Promise<unknown> {
  return async (error) => {
    const state = sqlStateOf(error) ?? ''
    if (OF_SCHEMA.test(state)) {
      void look(error).then(({ ready }) => {
        if (ready) onOwnFault({ err: error })
      })
      return unfitting(error)
    }
    return OF_GUARDS.test(state) && !(await look(error)).ready ? unfitting(error) : error
  }
}

const unfitting = (cause: unknown): DatabaseUnavailableError =>
  new DatabaseUnavailableError('The database lacks a part of its schema or a right. Send the request again later.', {
    cause,
  })
