// Formats rows as a plain-text table: aligned columns, two spaces apart, without borders.

/** The rows below a header of their keys. Numbers are right-aligned. */
export function tableText(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const names = Object.keys(rows[0] ?? {})
  const columns = names.map((name) => {
    const cells = rows.map((row) => oneLine(row[name]))
    const width = cells.reduce((max, cell) => Math.max(max, cell.length), name.length)
    const isNumber = rows.every((row) => typeof row[name] === 'number')
    return [name, ...cells].map((cell) => (isNumber ? cell.padStart(width) : cell.padEnd(width)))
  })
  const lines = [0, ...rows.map((_, index) => index + 1)]
  return lines
    .map((line) =>
      columns
        .map((column) => column[line])
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** An empty cell becomes a dash. Control characters could move the cursor of a terminal. */
function oneLine(value: string | number | undefined): string {
  return String(value ?? '').replaceAll(/\p{Cc}+/gu, ' ') || '-'
}
