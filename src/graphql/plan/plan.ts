// Plans of queries: a document is compiled once into the statements that it needs and what writes
// their rows as the response. Whatever a plan does not cover, the executor answers: it is the
// reference for every response.
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql'
import type { GraphQLContext } from '../context.ts'
import { tokensOf } from '../limits/documentForm.ts'
import { SelectedFields } from '../limits/selectedFields.ts'
import { FieldRequest, ResponseLimitError } from './fieldRequest.ts'
import { type FieldBudget, Planner } from './planner.ts'
import { planRootField, type ReadField } from './rootField.ts'
import { Unplanned } from './unplanned.ts'

type Variables = Readonly<Record<string, unknown>>

/** The response to a query. */
export interface PlannedResult {
  /** The JSON of `data`. */
  readonly dataText: string
}

/** A query that failed as a whole: its data is null, or null in each field. */
export interface FailedResult {
  readonly errors: readonly GraphQLError[]
  readonly data: Readonly<Record<string, null>> | null
}

/** A root field, or the name of the type Query. */
interface RootPlan {
  readonly key: string
  readonly read: (request: FieldRequest) => ReturnType<ReadField> | string
  readonly isNonNull: boolean
}

export interface QueryToPlan {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
}

/** Documents choose between more combinations of conditions than this: the executor answers. */
const MAX_VARIANTS = 16

/** The plans of one query, by the values of its `@skip` and `@include`. */
export class QueryPlans {
  private readonly query: QueryToPlan
  private readonly conditions: readonly string[]
  private readonly budget: FieldBudget
  private readonly variants = new Map<string, readonly RootPlan[] | undefined>()

  constructor(query: QueryToPlan) {
    this.query = query
    this.conditions = conditionsOf(query.document)
    // A fragment that is used often, or many variants, could make plans much larger than their
    // document, whose memory is what the cache of documents counts.
    this.budget = { left: tokensOf(query.document) }
  }

  /**
   * Answers the query. Undefined: the executor must answer, because the plan does not cover the
   * document, its variables, or what was found.
   *
   * @throws ResponseLimitError
   */
  answer(
    variables: Variables,
    createContext: () => GraphQLContext,
  ): Promise<PlannedResult | FailedResult | undefined> | undefined {
    if (this.isUnplanned) return undefined
    const coerced = this.coerced(variables)
    const roots = coerced && this.variant(coerced)
    if (coerced === undefined || roots === undefined) return undefined
    return answerRoots(roots, coerced, createContext())
  }

  /** Undefined if they are not valid. */
  private coerced(variables: Variables): Variables | undefined {
    const { schema, operation } = this.query
    const { variableDefinitions: definitions = [] } = operation
    return definitions.length === 0 ? NO_VARIABLES : getVariableValues(schema, definitions, variables).coerced
  }

  /** Whether the plan was found not to cover the query, whatever its variables are. */
  private get isUnplanned(): boolean {
    return this.conditions.length === 0 && this.variants.size > 0 && this.variants.get('') === undefined
  }

  private variant(variables: Variables): readonly RootPlan[] | undefined {
    const key = this.conditions.map((name) => String(variables[name])).join()
    if (this.variants.has(key)) return this.variants.get(key)
    if (this.variants.size >= MAX_VARIANTS) return undefined
    const roots = planRoots(this.query, variables, this.budget)
    this.variants.set(key, roots)
    return roots
  }
}

const NO_VARIABLES: Variables = {}

/** The variables that conditions of selections depend on. */
function conditionsOf(document: DocumentNode): string[] {
  const names = new Set<string>()
  visit(document, {
    Directive: ({ arguments: args = [] }) => {
      for (const { value } of args) if (value.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names].sort()
}

function planRoots(
  { schema, document, operation }: QueryToPlan,
  variables: Variables,
  budget: FieldBudget,
): readonly RootPlan[] | undefined {
  const queryType = schema.getQueryType()
  if (!queryType) return undefined
  const operationName = operation.name?.value
  const planner = new Planner(
    schema,
    new SelectedFields({ schema, document, operationName, variables }, operation),
    budget,
  )
  try {
    return planner.fieldsOf(queryType, [operation]).map(({ key, placed }) => {
      if (placed === undefined) return { key, read: () => JSON.stringify(queryType.name), isNonNull: true }
      return { key, read: planRootField(planner, placed), isNonNull: isNonNullType(placed.field.type) }
    })
  } catch (error) {
    if (error instanceof Unplanned) return undefined
    throw error
  }
}

/** Undefined if a field is not covered, or if some of several fields failed. */
async function answerRoots(
  roots: readonly RootPlan[],
  variables: Variables,
  context: GraphQLContext,
): Promise<PlannedResult | FailedResult | undefined> {
  const read = roots.map(({ key, read }) => read(new FieldRequest(context, variables, key)))
  const [only] = roots
  try {
    const texts = read.length === 1 ? [await read[0]] : await Promise.all(read)
    const members = roots.map(({ key }, index) => `${JSON.stringify(key)}:${texts[index]}`)
    return { dataText: `{${members.join()}}` }
  } catch (error) {
    await Promise.allSettled(read)
    if (error instanceof ResponseLimitError) throw error
    // Of several fields, others may have succeeded.
    if (roots.length > 1 || only === undefined || !(error instanceof GraphQLError)) return undefined
    return { errors: [error], data: only.isNonNull ? null : { [only.key]: null } }
  }
}
