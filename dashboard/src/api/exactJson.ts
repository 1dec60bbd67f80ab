// JSON with numbers of any size.

/** An object that JSON.stringify writes as its text; newer than the types of the compiler. */
type RawJson = JSON & { rawJSON?(text: string): unknown }

/**
 * Parses JSON and keeps the digits of numbers that a double cannot hold, where the browser can.
 * Such a number becomes an object that JSON.stringify writes exactly. Undefined if `text` is not
 * JSON.
 */
export function exactJson(text: string): unknown {
  const { rawJSON } = JSON as RawJson
  const keepDigits = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source
    if (typeof value !== 'number' || source === undefined || String(value) === source) return value
    return rawJSON?.(source) ?? value
  }
  try {
    return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
  } catch {
    return undefined
  }
}
