// Plans values that resolvers return: scalars, enums, and objects whose fields expose them.
import { type GraphQLOutputType, isListType, isNonNullType, isObjectType } from 'graphql'
import type { WithSelections } from '../limits/selectedFields.ts'
import type { FieldRequest } from './fieldRequest.ts'
import { writeValue } from './leaves.ts'
import { joined, type ObjectPlanner } from './placedField.ts'
import { Unplanned } from './unplanned.ts'

type WriteResolved = (value: unknown, request: FieldRequest) => string

/** @throws Unplanned */
export function planValue(
  planner: ObjectPlanner,
  type: GraphQLOutputType,
  parents: readonly WithSelections[],
): WriteResolved {
  if (isNonNullType(type)) return required(planValue(planner, type.ofType, parents))
  if (isListType(type)) {
    const writeItem = planValue(planner, type.ofType, parents)
    return orNull((items, request) => `[${(items as unknown[]).map((item) => writeItem(item, request)).join()}]`)
  }
  if (!isObjectType(type)) return (value) => writeValue(type, value)
  return orNull(
    joined<unknown>(type, planner.fieldsOf(type, parents), ({ field, nodes }) => {
      const { pothosExposedField: name } = field.extensions as { pothosExposedField?: string }
      if (name === undefined) throw new Unplanned(`A plan cannot read ${field.name}.`)
      const write = planValue(planner, field.type, nodes)
      return (value, request) => write((value as Record<string, unknown>)[name], request)
    }),
  )
}

function required(write: WriteResolved): WriteResolved {
  return (value, request) => {
    if (value == null) throw new Unplanned('A value that must not be null is null.')
    return write(value, request)
  }
}

function orNull(write: WriteResolved): WriteResolved {
  return (value, request) => (value == null ? 'null' : write(value, request))
}
