// Checks the names and types of the request parameters (GraphQL over HTTP, "Request Parameters").
import type { ServerPlugin } from '../requestScope.ts'
import { badRequest } from './badRequest.ts'
import { DOCUMENT_ID } from './trustedDocuments.ts'

const TYPES = {
  query: 'a string',
  variables: 'an object',
  operationName: 'a string',
  extensions: 'an object',
} as const

/** Must come after the plugin for trusted documents, which sets `query` by the id. */
export function checkParameters({ documentIds }: { readonly documentIds: boolean }): ServerPlugin {
  const names = [...Object.keys(TYPES), ...(documentIds ? [DOCUMENT_ID] : [])]
  return {
    onParams({ params }) {
      const given: Readonly<Record<string, unknown>> = { ...params }
      const unknown = Object.keys(params).find((name) => !names.includes(name) && given[name] != null)
      if (unknown !== undefined)
        throw badRequest(
          `${JSON.stringify(unknown)} is not a request parameter. The parameters are ${names.join(', ')}.`,
        )
      if (given.query == null) throw badRequest('The parameter `query` is required: the text of a GraphQL document.')
      for (const [name, type] of Object.entries(TYPES)) {
        const value = given[name]
        if (value != null && typeOf(value) !== type)
          throw badRequest(`\`${name}\` must be ${type} (got ${typeOf(value)}).`)
      }
    },
  }
}

/** The type of a JSON value, with its article. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
