// Results as clients read them: their JSON, and the status and headers that their errors require.
import type { ExecutionResult, GraphQLError } from 'graphql'
import { writeJson } from '../database/rows/exactNumbers.ts'
import type { QueryResult } from './executeOperation.ts'

/** The extension `http` of an error. */
export interface HttpHints {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The status applies only to clients that accept application/graphql-response+json; others get
   * 200.
   */
  readonly spec?: boolean
}

export interface Head {
  readonly status: number
  readonly headers: Record<string, string | number>
}

/**
 * The head of a response of the media type `type` with this result: `headers`, and those that
 * errors add to them. Of several statuses, the highest applies.
 */
export function headOf({ errors }: ExecutionResult, type: string, headers: Head['headers'] = {}): Head {
  if (errors === undefined) return { status: 200, headers }
  const hints = errors.map(({ extensions }) => (extensions.http ?? {}) as HttpHints)
  const statuses = hints.map(({ status = 200, spec }) => (spec && type === 'application/json' ? 200 : status))
  return { status: Math.max(200, ...statuses), headers: Object.assign(headers, ...hints.map((hint) => hint.headers)) }
}

/** The JSON of a result. Writes the numbers of stored JSON with all of their digits. */
export function bodyOf(result: QueryResult): string {
  const { errors, dataText } = result
  if (dataText !== undefined) return `{"data":${dataText}}`
  return writeJson(errors === undefined ? result : { ...result, errors: errors.map(toClient) })
}

/** Removes the HTTP status and headers, which are not part of the error that a client sees. */
function toClient(error: GraphQLError): object {
  const { http: _, ...extensions } = error.extensions
  return { ...error.toJSON(), extensions }
}
