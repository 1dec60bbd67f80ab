// Checks the variables of an operation before it runs, and stops at the first error. graphql-js
// collects up to fifty errors, and each of them quotes the whole value.
import {
  coerceInputValue,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isInputType,
  isListType,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql'

/** Maximum number of characters of a value to quote. */
const MAX_QUOTED_CHARACTERS = 100
/** More than any argument accepts. Checking a million items would block all callers. */
const MAX_LIST_ITEMS = 10_000

/**
 * Leaves missing variables and nulls to the executor, whose messages for them are short.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT
 */
export function checkVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  for (const definition of variableDefinitions) {
    const name = definition.variable.name.value
    const type = typeFromAST(schema, definition.type)
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value == null || !isInputType(type)) continue
    requireShortLists(value, type, name)
    coerceInputValue(value, type, (path, invalid, error) => {
      const place = path.length > 0 ? ` at "${[name, ...path].join('.').slice(0, MAX_QUOTED_CHARACTERS)}"` : ''
      const message = `Variable "$${name}" got invalid value ${quoted(invalid)}${place}; ${error.message}`
      throw new GraphQLError(message, { nodes: definition, extensions: { code: 'BAD_USER_INPUT' } })
    })
  }
}

/**
 * Checks lists of input values; JSON has its own limits.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT
 */
function requireShortLists(value: unknown, nullableType: GraphQLInputType, place: string): void {
  const type = getNullableType(nullableType)
  if (typeof value !== 'object' || value === null) return
  if (isListType(type) && Array.isArray(value)) {
    if (value.length > MAX_LIST_ITEMS) {
      const message = `Variable "$${place}" has ${value.length} items; the limit is ${MAX_LIST_ITEMS}.`
      throw new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', limit: MAX_LIST_ITEMS } })
    }
    for (const item of value) requireShortLists(item, type.ofType, place)
  } else if (isInputObjectType(type)) {
    for (const { name, type: inner } of Object.values(type.getFields())) {
      requireShortLists((value as Record<string, unknown>)[name], inner, `${place}.${name}`)
    }
  }
}

function quoted(value: unknown): string {
  if (Array.isArray(value)) return '[...]'
  if (typeof value === 'object' && value !== null) return '{...}'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)} ...` : text
}
