// A hostile request and its allowed responses.

export interface HostileRequest {
  readonly name: string
  readonly body?: string
  /** The query string, starting with "?". */
  readonly search?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  /** The allowed statuses. 200: with data or with errors. */
  readonly statuses: readonly number[]
}

export const REFUSED = [400]
export const TOO_LARGE = [413]
export const ANSWERED = [200]

export function query(text: string, variables: unknown = undefined): string {
  return JSON.stringify({ query: text, variables })
}

/** A body with these variables, as JSON text. */
export function withVariables(text: string, variables: string): string {
  return `{"query":${JSON.stringify(text)},"variables":${variables}}`
}

export const times = (count: number, text: (n: number) => string, between = ' '): string =>
  Array.from({ length: count }, (_, n) => text(n)).join(between)

export const nest = (open: string, core: string, close: string, levels: number): string =>
  open.repeat(levels) + core + close.repeat(levels)
