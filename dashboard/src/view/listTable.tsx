import type { ComponentChildren } from 'preact'

export interface Column {
  readonly label: string
  /** Its class: the width, and on which screens it is shown. Default: all that is left. */
  readonly name?: string
}

interface ListTableProps {
  /** For screen readers. */
  readonly caption: string
  readonly columns: readonly Column[]
  /** An additional class. */
  readonly name?: string
  readonly isBusy?: boolean
  /** The rows. */
  readonly children: ComponentChildren
}

/** The table of a list, one item per row. */
export function ListTable({ caption, columns, name, isBusy = false, children }: ListTableProps) {
  return (
    <table class={name === undefined ? 'jobs' : `jobs ${name}`} aria-busy={isBusy}>
      <caption class="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.label} scope="col" class={column.name}>
              {column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  )
}
