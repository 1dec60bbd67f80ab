// What a document may ask for: its size, its form, what it could touch, and whether it may ask about the schema.
import {
  type DocumentNode,
  GraphQLError,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  type ParseOptions,
  parse,
  type Source,
  validate,
} from 'graphql'
import { type AskedOperation, checkDocumentCost, type PageSizes } from '../../graphql/limits/documentCost.ts'
import {
  checkDocumentForm,
  checkDocumentText,
  type DocumentLimits,
  tooMuch,
} from '../../graphql/limits/documentLimits.ts'
import { checkVariables } from '../../graphql/limits/variableCheck.ts'
import type { ServerContext, ServerPlugin } from '../requestScope.ts'

export interface DocumentGuardOptions {
  readonly limits: DocumentLimits
  readonly pages: PageSizes
  /** Whether clients may ask for the schema. */
  readonly introspection: boolean
}

/** Validation stops after this many errors: to find names that are like an unknown one takes time for each. */
const MAX_ERRORS = 20

export function documentGuard({ limits, pages, introspection }: DocumentGuardOptions): ServerPlugin {
  const wellFormed = new WeakSet<DocumentNode>()
  return {
    onParams({ params }) {
      if (typeof params.query === 'string') checkDocumentText(params.query, limits)
    },
    onParse({ setParseFn }) {
      setParseFn((source, options) => parseShallow(source, { ...options, maxTokens: limits.tokens }))
    },
    onValidate({ params, setResult, setValidationFn, addValidationRule }) {
      setValidationFn((schema, document, rules) => validate(schema, document, rules, { maxErrors: MAX_ERRORS }))
      // Validation takes time that grows with the square of a document's repetitions: what has too many is not validated.
      const fault = faultOfForm(params.documentAST)
      if (fault) setResult([fault])
      else if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule)
    },
    onExecute: ({ args }) => checkOperation(args),
    onSubscribe: ({ args }) => checkOperation(args),
  }

  // Documents are kept parsed, so most were looked at before.
  function faultOfForm(document: DocumentNode): GraphQLError | undefined {
    if (wellFormed.has(document)) return undefined
    const fault = faultOf(() => checkDocumentForm(document, limits))
    if (fault === undefined) wellFormed.add(document)
    return fault
  }

  function checkOperation({ schema, document, operationName, variableValues, contextValue }: ExecutionArguments): void {
    const variables = variableValues ?? {}
    const operation = getOperationAST(document, operationName)
    if (operation) checkVariables(schema, operation, variables)
    const cost = checkDocumentCost({ schema, document, operationName, variables }, limits, pages)
    contextValue.scope.memory.expects(cost)
  }
}

/** The parser calls itself for each level, and documents within the limit of tokens can have more levels than its stack. */
function parseShallow(source: string | Source, options: ParseOptions): DocumentNode {
  try {
    return parse(source, options)
  } catch (error) {
    throw error instanceof RangeError ? tooMuch('The document is nested too deeply to be read.') : error
  }
}

interface ExecutionArguments extends Pick<AskedOperation, 'schema' | 'document'> {
  readonly operationName?: string | null | undefined
  readonly variableValues?: AskedOperation['variables'] | null | undefined
  readonly contextValue: ServerContext
}

function faultOf(check: () => void): GraphQLError | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}
