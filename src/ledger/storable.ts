// Detects values that cannot be stored exactly: text that PostgreSQL refuses, and JSON that a
// parser in between cannot represent.

/**
 * Maximum depth of JSON. PostgreSQL and JSON.stringify both recurse, and both overflow at some
 * depth.
 */
const MAX_JSON_DEPTH = 100
const TOO_DEEP = `must have at most ${MAX_JSON_DEPTH} levels of nesting.`

/** Why a text cannot be stored; undefined if it can. */
export function textFault(text: string): string | undefined {
  const nul = text.indexOf('\0')
  if (nul >= 0) return `must not contain a NUL character, which PostgreSQL cannot store (found at position ${nul}).`
  if (!text.isWellFormed()) return 'must be valid Unicode (found half of a surrogate pair).'
  return undefined
}

/**
 * Why a value cannot be stored as JSON; undefined if it can. Does not recurse, because deep values
 * would overflow the stack.
 */
export function jsonFault(root: unknown): string | undefined {
  let level: unknown[] = [root]
  for (let depth = 1; level.length > 0; depth += 1) {
    const inner: unknown[] = []
    for (const value of level) {
      const fault = typeof value === 'object' ? innerFault(value, inner) : scalarFault(value)
      if (fault) return fault
    }
    if (depth > MAX_JSON_DEPTH && inner.length > 0) return TOO_DEEP
    level = inner
  }
  return undefined
}

/**
 * Adds the values in an object or an array to `inner`. Returns a fault if a key cannot be stored.
 */
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
  return `must be valid JSON (found a value of type ${typeof value}).`
}

function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return `must be valid JSON (found ${value}).`
  // JSON.parse has rounded larger integers, so the stored value would differ from what the caller
  // sent.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return `must not contain integers beyond ±${Number.MAX_SAFE_INTEGER}, which lose precision; send them as strings.`
  }
  return undefined
}
