// What the parts of a plan know of the request while they read and write one root field.
import { type FieldNode, type GraphQLField, type GraphQLResolveInfo, getArgumentValues } from 'graphql'
import type { GraphQLContext } from '../context.ts'
import { Unplanned } from './unplanned.ts'

/** A field, with the places that select it. */
interface Called {
  readonly field: GraphQLField<unknown, unknown>
  readonly nodes: readonly FieldNode[]
}

type Arguments = Record<string, unknown>

/** The response would exceed its limit. Nothing of it may be sent. */
export class ResponseLimitError extends Error {
  override readonly name = 'ResponseLimitError'
}

export class FieldRequest {
  readonly context: GraphQLContext
  /** What resolvers of planned fields need of it: the path of the root field. */
  readonly info: GraphQLResolveInfo
  private readonly variables: Readonly<Record<string, unknown>>
  private readonly known = new Map<FieldNode, Arguments>()

  constructor(context: GraphQLContext, variables: Readonly<Record<string, unknown>>, key: string) {
    this.context = context
    this.variables = variables
    this.info = { path: { key, prev: undefined, typename: 'Query' } } as unknown as GraphQLResolveInfo
  }

  /**
   * Counts a part of the response. Returns it.
   *
   * @throws ResponseLimitError if the response exceeds its limit
   */
  addWritten(text: string): string {
    const { responseBudget } = this.context
    responseBudget.left -= text.length
    if (responseBudget.left < 0) throw new ResponseLimitError('The response exceeds its limit.')
    return text
  }

  /** @throws Unplanned if they are not valid */
  argumentsOf({ field, nodes }: Called): Arguments {
    const [node] = nodes as [FieldNode]
    const known = this.known.get(node)
    if (known !== undefined) return known
    const args = coerced(field, node, this.variables)
    this.known.set(node, args)
    return args
  }
}

function coerced(field: Called['field'], node: FieldNode, variables: Readonly<Record<string, unknown>>): Arguments {
  try {
    return getArgumentValues(field, node, variables)
  } catch (error) {
    throw new Unplanned('The arguments are not valid.', { cause: error })
  }
}
