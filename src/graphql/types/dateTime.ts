// The scalar of instants. What it refuses it explains: that an offset is needed is what most people forget.
import { GraphQLError, GraphQLScalarType } from 'graphql'
import { GraphQLDateTimeISO } from 'graphql-scalars'

/** Characters of a refused value that its message repeats. */
const MAX_REPEATED = 100

const config = GraphQLDateTimeISO.toConfig()

export const DateTime = new GraphQLScalarType({
  ...config,
  parseValue: (value) => explained(value, () => config.parseValue(value)),
  parseLiteral: (node, variables) =>
    explained('value' in node ? node.value : node.kind, () => config.parseLiteral(node, variables)),
})

function explained<T>(value: unknown, parse: () => T): T {
  try {
    return parse()
  } catch {
    const got = String(typeof value === 'string' ? JSON.stringify(value) : value).slice(0, MAX_REPEATED)
    // biome-ignore lint/style/useErrorCause: clients read this message; the cause says less.
    throw new GraphQLError(
      `A DateTime must be an instant of RFC 3339 with an offset, such as "2026-11-27T19:30:00Z" or "2026-11-27T20:30:00+01:00" (got ${got}).`,
    )
  }
}
