// Limits on documents: their size, their form, their cost, and introspection.
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
import { checkDocumentCost, type PageSizes, type RequestedOperation } from '../../graphql/limits/documentCost.ts'
import { checkDocumentForm, checkDocumentText, limitError } from '../../graphql/limits/documentForm.ts'
import type { DocumentLimits } from '../../graphql/limits/documentLimits.ts'
import { checkVariables } from '../../graphql/limits/variableCheck.ts'
import type { ServerContext, ServerPlugin } from '../requestScope.ts'

export interface DocumentGuardOptions {
  readonly limits: DocumentLimits
  readonly pages: PageSizes
  /** Whether clients may introspect the schema. */
  readonly introspection: boolean
}

/**
 * Validation stops after this many errors, because searching for similar names takes time for each.
 */
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
      // The time of validation grows with the square of a document's repetitions, so the limits are
      // checked first.
      const error = checkForm(params.documentAST)
      if (error) setResult([error])
      else if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule)
    },
    onExecute: ({ args }) => checkOperation(args),
    onSubscribe: ({ args }) => checkOperation(args),
  }

  // Most documents come from the cache and have been checked before.
  function checkForm(document: DocumentNode): GraphQLError | undefined {
    if (wellFormed.has(document)) return undefined
    const error = errorOf(() => checkDocumentForm(document, limits))
    if (error === undefined) wellFormed.add(document)
    return error
  }

  function checkOperation({ schema, document, operationName, variableValues, contextValue }: ExecutionArguments): void {
    const variables = variableValues ?? {}
    const operation = getOperationAST(document, operationName)
    if (operation) checkVariables(schema, operation, variables)
    const cost = checkDocumentCost({ schema, document, operationName, variables }, limits, pages)
    contextValue.scope.memory.expectNodes(cost)
  }
}

/**
 * The parser is recursive. A document within the token limit can be nested deeper than the stack
 * allows.
 */
function parseShallow(source: string | Source, options: ParseOptions): DocumentNode {
  try {
    return parse(source, options)
  } catch (error) {
    throw error instanceof RangeError ? limitError('The document is nested too deeply to be read.') : error
  }
}

interface ExecutionArguments extends Pick<RequestedOperation, 'schema' | 'document'> {
  readonly operationName?: string | null | undefined
  readonly variableValues?: RequestedOperation['variables'] | null | undefined
  readonly contextValue: ServerContext
}

function errorOf(check: () => void): GraphQLError | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}
