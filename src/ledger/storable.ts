// What cannot be stored as it came: text that PostgreSQL refuses, and JSON that somebody on the way cannot represent.

/** Deeper JSON is refused: PostgreSQL and JSON.stringify both recurse, and both have an end. */
const JSON_DEPTH = 100
const TOO_DEEP = `is nested deeper than ${JSON_DEPTH} levels.`

/** Why a text cannot be stored; undefined if it can. */
export function textFault(text: string): string | undefined {
  const nul = text.indexOf('\0')
  if (nul >= 0) return `holds a NUL character at position ${nul}; PostgreSQL cannot store one.`
  if (!text.isWellFormed()) return 'holds half of a surrogate pair, which is not valid Unicode.'
  return undefined
}

/** Why a value cannot be stored as JSON; undefined if it can. Walks without recursion: the value may be deeper than the stack. */
export function jsonFault(root: unknown): string | undefined {
  let level: unknown[] = [root]
  for (let depth = 1; level.length > 0; depth += 1) {
    const inner: unknown[] = []
    for (const value of level) {
      const fault = typeof value === 'object' ? innerFault(value, inner) : scalarFault(value)
      if (fault) return fault
    }
    if (depth > JSON_DEPTH && inner.length > 0) return TOO_DEEP
    level = inner
  }
  return undefined
}

/** Adds to `inner` what is in an object or an array, unless one of its keys cannot be stored. */
function innerFault(value: object | null, inner: unknown[]): string | undefined {
  if (Array.isArray(value)) for (const item of value) inner.push(item)
  else if (value !== null) {
    for (const key of Object.keys(value)) {
      const fault = textFault(key)
      if (fault) return fault
      inner.push((value as Record<string, unknown>)[key])
    }
  }
  return undefined
}

function scalarFault(value: unknown): string | undefined {
  if (typeof value === 'object') return undefined
  if (typeof value === 'string') return textFault(value)
  if (typeof value === 'number') return numberFault(value)
  if (typeof value === 'boolean') return undefined
  return `holds a value of the type ${typeof value}, which JSON does not know.`
}

function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return `holds ${value}, which JSON does not know.`
  // A larger integer was rounded when the JSON was parsed; keeping it would keep something the caller did not send.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return `holds an integer beyond ±${Number.MAX_SAFE_INTEGER}, which cannot be kept exactly; send it as a string.`
  }
  return undefined
}
