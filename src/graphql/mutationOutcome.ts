// Reports OUTCOME_UNKNOWN if a mutation fails after it has written: the client must not assume that
// nothing happened. Each mutation field of a document is watched separately.
import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from 'graphql'
import { RetryableError } from '../database/retryableErrors.ts'
import { outcomeUnknown } from '../database/runStatement.ts'
import { sqlStateOf } from '../database/sqlErrors.ts'
import { type Writes, watchWrites } from '../database/writes.ts'
import type { GraphQLContext } from './context.ts'

/**
 * Makes every mutation throw OutcomeUnknownError if a statement fails or is cancelled after another
 * one has written.
 */
export function watchMutations(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) watch(field)
  return schema
}

function watch(field: GraphQLField<unknown, GraphQLContext>): void {
  const resolve = field.resolve ?? defaultFieldResolver
  field.resolve = async (source, args, context, info) => {
    context.requireMemory()
    const writes: Writes = { any: false }
    try {
      return await watchWrites(writes, () => resolve(source, args, context, info))
    } catch (error) {
      throw writes.any && isDatabaseFailure(error, context) ? outcomeUnknown(error) : error
    }
  }
}

function isDatabaseFailure(error: unknown, { signal }: GraphQLContext): boolean {
  return error instanceof RetryableError || sqlStateOf(error) !== undefined || error === signal.reason
}
