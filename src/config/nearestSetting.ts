// Finds the setting that a misspelt name probably means.

/** Names longer than this may differ by two letters. */
const LONG_NAME_CHARACTERS = 15

const LIST = new Intl.ListFormat('en', { type: 'disjunction' })

/**
 * The setting that `name` resembles, or the settings that start with it, such as REQUEST_TIMEOUT_MS
 * for REQUEST_TIMEOUT; undefined if it resembles none, or is a setting itself.
 */
export function nearestSetting(name: string, settings: readonly string[]): string | undefined {
  if (settings.includes(name)) return undefined
  const upper = name.toUpperCase()
  // A single word, such as LIMIT or HOST, often belongs to other programs.
  const longer = upper.includes('_') ? settings.filter((setting) => setting.startsWith(`${upper}_`)) : []
  if (longer.length > 0) return LIST.format(longer)
  return byDistance(upper, settings).find(
    ({ setting, distance }) => distance <= (setting.length > LONG_NAME_CHARACTERS ? 2 : 1),
  )?.setting
}

/** The setting with the smallest distance to `name`. */
export function closestSetting(name: string, settings: readonly string[]): string | undefined {
  return byDistance(name.toUpperCase(), settings)[0]?.setting
}

function byDistance(name: string, settings: readonly string[]): { setting: string; distance: number }[] {
  return settings
    .map((setting) => ({ setting, distance: distanceBetween(name, setting) }))
    .sort((a, b) => a.distance - b.distance)
}

/**
 * Number of letters to add, remove, replace or swap with the next one (optimal string alignment
 * distance).
 */
function distanceBetween(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      line[column] = Math.min(
        at(last, column) + 1,
        at(line, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = line
  }
  return at(last, b.length)
}

function at(line: readonly number[], column: number): number {
  return line[column] ?? Number.POSITIVE_INFINITY
}
