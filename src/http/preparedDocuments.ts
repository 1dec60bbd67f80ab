// Documents that are ready to be executed: parsed, validated, and within the limits. Only documents
// that have been executed are cached, so that refused ones do not use memory.
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { checkDocumentCost, type PageSizes } from '../graphql/limits/documentCost.ts'
import { checkDocumentForm, checkDocumentText, limitError } from '../graphql/limits/documentForm.ts'
import type { DocumentLimits } from '../graphql/limits/documentLimits.ts'
import { checkVariables } from '../graphql/limits/variableCheck.ts'
import { QueryPlans } from '../graphql/plan/plan.ts'
import { DocumentCache } from './documentCache.ts'

export interface PrepareOptions {
  readonly schema: GraphQLSchema
  readonly plansQueries: boolean
  readonly limits: DocumentLimits
  readonly pages: PageSizes
  /** Whether clients may introspect the schema. */
  readonly introspection: boolean
}

type Variables = Readonly<Record<string, unknown>>

/** One operation of a document. */
export interface PreparedOperation {
  readonly prepared: PreparedDocument
  readonly document: DocumentNode
  readonly node: OperationDefinitionNode
  readonly kind: OperationTypeNode
  /** The name by which the client chose it. */
  readonly operationName: string | undefined
  /** Its cost, where that does not depend on variables. */
  fixedCost: number | undefined
  /** Of a query. */
  readonly plans: QueryPlans | undefined
}

interface PreparedDocument {
  readonly text: string
  readonly document: DocumentNode
  isValid: boolean
  /** By the names by which clients chose them; without a name, the only operation. */
  readonly operations: Map<string | undefined, PreparedOperation>
}

/** The errors of a document that is not valid. */
export class InvalidDocumentError extends Error {
  override readonly name = 'InvalidDocumentError'
  readonly errors: readonly GraphQLError[]

  constructor(errors: readonly GraphQLError[]) {
    super('The document is not valid.')
    this.errors = errors
  }
}

/**
 * Validation stops after this many errors, because searching for similar names takes time for each.
 */
const MAX_ERRORS = 20

export class PreparedDocuments {
  private readonly cache = new DocumentCache<PreparedDocument>()
  private readonly options: PrepareOptions
  private readonly rules

  constructor(options: PrepareOptions) {
    this.options = options
    this.rules = options.introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule]
  }

  /**
   * The operation of a document that a request names, not validated yet.
   *
   * @throws GraphQLError if the text is too large, cannot be parsed, or has no such operation
   */
  operation(text: string, operationName: string | undefined): PreparedOperation {
    const prepared = this.cache.get(text) ?? this.parse(text)
    const known = prepared.operations.get(operationName)
    if (known !== undefined) return known
    const { document } = prepared
    const node = getOperationAST(document, operationName)
    if (!node) {
      const message = 'Could not determine what operation to execute.'
      throw new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })
    }
    const { operation: kind } = node
    const { schema, plansQueries } = this.options
    const isPlanned = plansQueries && kind === OperationTypeNode.QUERY
    const plans = isPlanned ? new QueryPlans({ schema, document, operation: node }) : undefined
    const operation = { prepared, document, node, kind, operationName, fixedCost: undefined, plans }
    prepared.operations.set(operationName, operation)
    return operation
  }

  /** @throws InvalidDocumentError; GraphQLError if the document exceeds a limit */
  requireValid({ prepared }: PreparedOperation): void {
    if (prepared.isValid) return
    const { schema, limits } = this.options
    // The time of validation grows with the square of a document's repetitions, so the limits are
    // checked first.
    checkDocumentForm(prepared.document, limits)
    const errors = validate(schema, prepared.document, this.rules, { maxErrors: MAX_ERRORS })
    if (errors.length > 0) throw new InvalidDocumentError(errors)
    prepared.isValid = true
  }

  /**
   * The maximum number of nodes that the operation touches. Checks the variables.
   *
   * @throws GraphQLError with the code BAD_USER_INPUT
   */
  costOf(operation: PreparedOperation, variables: Variables): number {
    if (operation.fixedCost !== undefined) return operation.fixedCost
    const { schema, limits, pages } = this.options
    const { document, node, operationName } = operation
    checkVariables(schema, node, variables)
    const cost = checkDocumentCost({ schema, document, operationName, variables }, limits, pages)
    if (!node.variableDefinitions?.length) operation.fixedCost = cost
    return cost
  }

  /** Caches the document, and charges it to `caller`. Must be valid. */
  keep(caller: string, { prepared }: PreparedOperation): void {
    this.cache.add(caller, prepared)
  }

  private parse(text: string): PreparedDocument {
    const { limits } = this.options
    checkDocumentText(text, limits)
    const document = parseShallow(text, limits.tokens)
    return { text, document, isValid: false, operations: new Map() }
  }
}

/**
 * The parser is recursive. A document within the token limit can be nested deeper than the stack
 * allows.
 */
function parseShallow(text: string, maxTokens: number): DocumentNode {
  try {
    return parse(text, { maxTokens })
  } catch (error) {
    throw error instanceof RangeError ? limitError('The document is nested too deeply to be read.') : error
  }
}
