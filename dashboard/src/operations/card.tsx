import type { ComponentChildren } from 'preact'

export function Card({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  const id = `operations-${title.replaceAll(' ', '-').toLowerCase()}`
  return (
    <section class="panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  )
}

interface TableProps {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly ComponentChildren[])[]
  /** The text if there are no rows. */
  readonly empty: string
}

/** A table whose first column names the row. */
export function Table({ columns, rows, empty }: TableProps) {
  if (rows.length === 0) return <p class="muted">{empty}</p>
  return (
    <table class="operations-table">
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, ...cells], row) => (
          <tr key={row}>
            <th scope="row">{name}</th>
            {cells.map((cell, column) => (
              <td key={columns[column + 1]}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
