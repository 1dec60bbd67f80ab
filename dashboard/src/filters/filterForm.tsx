import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { changeParameters } from '../router.ts'
import { type FilterField, filterCount, parametersOf } from './fields.ts'
import { TimeFilter } from './timeFilter.tsx'

/** On narrower screens the filters would hide the list. */
const MIN_OPEN_PIXELS = 720

interface FilterFormProps {
  readonly fields: readonly FilterField[]
  readonly query: URLSearchParams
  readonly faults: Readonly<Record<string, string>>
  /** The address without filters; undefined if none is set. */
  readonly clearUrl: string | undefined
  /** Whether the filters are closed until one is set. */
  readonly isCompact?: boolean
  /** Fields of other kinds. */
  readonly children?: ComponentChildren
}

/** The filters of a page. A change takes effect when the field is left, or with Enter. */
export function FilterForm({ fields, query, faults, clearUrl, isCompact = false, children }: FilterFormProps) {
  const count = filterCount(fields, query)
  return (
    <details class="filters" open={isCompact ? clearUrl !== undefined : window.innerWidth >= MIN_OPEN_PIXELS}>
      <summary>Filters{count > 0 && ` (${count})`}</summary>
      <search class="filter-fields">
        {fields.map((field) => (
          <Field key={field.name} field={field} query={query} fault={faultOf(field, faults)} />
        ))}
        {children}
        {clearUrl !== undefined && (
          <a class="button filter-clear" href={clearUrl}>
            Clear filters
          </a>
        )}
      </search>
    </details>
  )
}

function faultOf(field: FilterField, faults: Readonly<Record<string, string>>): string | undefined {
  return parametersOf(field)
    .map((parameter) => faults[parameter])
    .find((fault) => fault !== undefined)
}

interface FieldProps {
  readonly field: FilterField
  readonly query: URLSearchParams
  readonly fault: string | undefined
}

function Field({ field, query, fault }: FieldProps) {
  const { kind, name, label } = field
  const faultId = `fault-${name}`
  const describedBy = fault === undefined ? {} : { 'aria-describedby': faultId, 'aria-invalid': true as const }
  const set = (value: string | null): void => changeParameters({ [name]: value })
  if (kind === 'flag') {
    return (
      <label class="check-field">
        <input
          type="checkbox"
          checked={query.get(name) === 'true'}
          onChange={({ currentTarget }) => set(currentTarget.checked ? 'true' : null)}
        />
        <span>{label}</span>
      </label>
    )
  }
  return (
    <div class={kind === 'time' ? 'field field-time' : 'field'}>
      <label for={`filter-${name}`}>{label}</label>
      {kind === 'time' ? (
        <TimeFilter name={name} label={label} query={query} {...describedBy} />
      ) : (
        <TextInput
          id={`filter-${name}`}
          value={query.get(name) ?? ''}
          placeholder={`e.g. ${field.example}`}
          onChange={({ currentTarget }) => set(currentTarget.value.trim() || null)}
          {...describedBy}
        />
      )}
      {fault !== undefined && (
        <p id={faultId} class="fault">
          {label} {fault}
        </p>
      )}
    </div>
  )
}

type TextInputProps = InputHTMLAttributes<HTMLInputElement> & { readonly value: string }

/** Keeps what is being typed when the page is rendered meanwhile for another reason. */
function TextInput({ value, ...attributes }: TextInputProps) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (input.current !== null) input.current.value = value
  }, [value])
  return <input ref={input} type="text" autocomplete="off" spellcheck={false} {...attributes} />
}

export function focusFilters(): void {
  const filters = document.querySelector<HTMLDetailsElement>('.filters')
  if (filters !== null) filters.open = true
  filters?.querySelector<HTMLElement>('input, select')?.focus()
}
