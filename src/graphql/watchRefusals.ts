// Passes on which attempts to change jobs the mutations refuse. Looks at the outcomes of all
// resolvers, so that none of them has to think of it.
import { defaultFieldResolver, GraphQLError, type GraphQLField, type GraphQLSchema } from 'graphql'
import type { GraphQLContext } from './context.ts'
import { attemptInputs, attemptOf } from './jobAttempts.ts'
import { forbidden, mayBeRefusal, refusalOf } from './refusedAttempts.ts'

/** Makes every mutation pass its refusals to the context. */
export function watchRefusals(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) watch(field)
  return schema
}

function watch(field: GraphQLField<unknown, GraphQLContext>): void {
  const resolve = field.resolve ?? defaultFieldResolver
  field.resolve = async (source, args, context, info) => {
    try {
      const outcome = collected(await resolve(source, args, context, info))
      const results = Array.isArray(outcome) ? outcome : [outcome]
      if (results.some(mayBeRefusal)) passRefused(field.name, args, { outcome, context })
      return outcome
    } catch (error) {
      if (isForbidden(error)) passForbidden(field.name, args, { message: error.message, context })
      throw error
    }
  }
}

/** Pothos returns the results of a batch as an iterator, which can be read only once. */
function collected(outcome: unknown): unknown {
  return typeof outcome === 'object' && outcome !== null && Symbol.iterator in outcome
    ? [...(outcome as Iterable<unknown>)]
    : outcome
}

function isForbidden(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && error.extensions.code === 'FORBIDDEN'
}

type Arguments = Readonly<Record<string, unknown>>

function passRefused(
  field: string,
  args: Arguments,
  { outcome, context: { caller, refusals } }: { outcome: unknown; context: GraphQLContext },
): void {
  for (const [index, input] of attemptInputs(args).entries()) {
    const result: unknown = Array.isArray(outcome) ? outcome[index] : outcome
    const attempt = mayBeRefusal(result) ? attemptOf(field, input) : undefined
    const refusal = attempt && refusalOf(result, attempt, caller)
    if (refusal !== undefined) refusals.add(refusal)
  }
}

/** Maximum number of jobs: nothing has checked the size of the batch. */
const MAX_FORBIDDEN = 1000

function passForbidden(
  field: string,
  args: Arguments,
  { message, context: { caller, refusals } }: { message: string; context: GraphQLContext },
): void {
  for (const input of attemptInputs(args).slice(0, MAX_FORBIDDEN)) {
    const attempt = attemptOf(field, input)
    if (attempt !== undefined) refusals.add(forbidden(attempt, caller, message))
  }
}
