// The scalar for instants. Its errors show the expected format, because clients often forget the
// offset.
import { GraphQLError, GraphQLScalarType } from 'graphql'
import { GraphQLDateTimeISO } from 'graphql-scalars'

/** Maximum number of characters of a refused value to quote. */
const MAX_QUOTED_CHARACTERS = 100

const config = GraphQLDateTimeISO.toConfig()

export const DateTime = new GraphQLScalarType({
  ...config,
  parseValue: (value) => withExplanation(value, () => config.parseValue(value)),
  parseLiteral: (node, variables) =>
    withExplanation('value' in node ? node.value : node.kind, () => config.parseLiteral(node, variables)),
})

function withExplanation<T>(value: unknown, parse: () => T): T {
  try {
    return parse()
  } catch {
    const got = String(typeof value === 'string' ? JSON.stringify(value) : value).slice(0, MAX_QUOTED_CHARACTERS)
    // biome-ignore lint/style/useErrorCause: clients see this message, and the cause adds nothing
    throw new GraphQLError(
      'A DateTime must be an instant of RFC 3339 with an offset, such as ' +
        `"2026-11-27T19:30:00Z" or "2026-11-27T20:30:00+01:00" (got ${got}).`,
    )
  }
}
