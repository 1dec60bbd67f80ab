// Mutations whose answer fails after they have written: the client must not take them for undone. Each field of a document is looked at by
// itself.
import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from 'graphql'
import { RetryableError } from '../database/retryableErrors.ts'
import { outcomeUnknown } from '../database/runStatement.ts'
import { sqlStateOf } from '../database/sqlErrors.ts'
import { type Writes, watchWrites } from '../database/writes.ts'
import type { GraphQLContext } from './context.ts'

/** Makes every mutation throw OutcomeUnknownError where a statement fails, or is given up, after another one has written. */
export function watchMutations(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) watch(field)
  return schema
}

function watch(field: GraphQLField<unknown, GraphQLContext>): void {
  const resolve = field.resolve ?? defaultFieldResolver
  field.resolve = async (source, args, context, info) => {
    const writes: Writes = { any: false }
    try {
      return await watchWrites(writes, () => resolve(source, args, context, info))
    } catch (error) {
      throw writes.any && isOfDatabase(error, context) ? outcomeUnknown(error) : error
    }
  }
}

function isOfDatabase(error: unknown, { signal }: GraphQLContext): boolean {
  return error instanceof RetryableError || sqlStateOf(error) !== undefined || error === signal.reason
}
