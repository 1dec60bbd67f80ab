// Looks at the variables of an operation before it runs, and stops at the first that does not fit its type. GraphQL itself collects
// fifty faults, and repeats in each of them what came, however much that is.
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

/** What came is repeated up to so many characters. */
const MAX_QUOTED_CHARACTERS = 100
/** Items of a list, more than any argument takes: to look at each of a million would keep all callers waiting. */
const MAX_LIST_ITEMS = 10_000

/**
 * Variables that are missing or null where they must not be are left to the executor, which tells them in a few words.
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
      const message = `Variable "$${name}" got invalid value ${told(invalid)}${place}; ${error.message}`
      throw new GraphQLError(message, { nodes: definition, extensions: { code: 'BAD_USER_INPUT' } })
    })
  }
}

/** @throws GraphQLError with the code BAD_USER_INPUT, for lists of input values; JSON has limits of its own */
function requireShortLists(value: unknown, given: GraphQLInputType, place: string): void {
  const type = getNullableType(given)
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

function told(value: unknown): string {
  if (Array.isArray(value)) return '[...]'
  if (typeof value === 'object' && value !== null) return '{...}'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)} ...` : text
}
