// What someone who wrote an address by hand should know: parts of it that have no effect.

/** Longer values are cut. */
const MAX_QUOTED_CHARACTERS = 100

interface KnownParameters {
  /** Parameters of which the first value counts. */
  readonly once: readonly string[]
  /** Parameters with the values that they may have, of which any number may be given. */
  readonly choices: ReadonlyMap<string, readonly string[]>
}

/** A sentence for each part of the address that has no effect. */
export function addressNotes(query: URLSearchParams, { once, choices }: KnownParameters): string[] {
  return [...new Set(query.keys())].flatMap((name) => {
    const values = query.getAll(name)
    const allowed = choices.get(name)
    if (allowed !== undefined)
      return values
        .filter((value) => value !== '' && !allowed.includes(value))
        .map((value) => `Ignored ${name} ${quoted(value)}: it must be one of ${allowed.join(', ')}.`)
    if (!once.includes(name)) return [`Ignored ${quoted(name)} in the address: this page has no such parameter.`]
    return values.length > 1 ? [`Ignored all but the first ${name} in the address.`] : []
  })
}

export function quoted(text: string): string {
  return `"${text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text}"`
}
