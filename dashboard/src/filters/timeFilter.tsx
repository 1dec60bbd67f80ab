import { useState } from 'preact/hooks'
import { changeParameters } from '../router.ts'
import { inputOfInstant, instantOfInput } from '../view/instants.ts'

const RANGES = [
  { after: '-1h', label: 'in the last hour' },
  { after: '-24h', label: 'in the last 24 hours' },
  { after: '-7d', label: 'in the last 7 days' },
  { after: '-30d', label: 'in the last 30 days' },
] as const

interface TimeFilterProps {
  /** Of the parameters `${name}After` and `${name}Before`. */
  readonly name: string
  readonly label: string
  readonly query: URLSearchParams
  readonly 'aria-describedby'?: string
  readonly 'aria-invalid'?: true
}

/** A range of instants: relative, or between two of the browser's time zone. */
export function TimeFilter({ name, label, query, ...attributes }: TimeFilterProps) {
  const [after, before] = [query.get(`${name}After`), query.get(`${name}Before`)]
  const isRelative = RANGES.some((range) => range.after === after) && before === null
  const [wantsBetween, setWantsBetween] = useState(false)
  const isBetween = wantsBetween || (!isRelative && (after !== null || before !== null))
  const choose = (value: string): void => {
    setWantsBetween(value === 'between')
    if (value === 'between') return
    changeParameters({ [`${name}After`]: value || null, [`${name}Before`]: null })
  }
  const bound = (parameter: string, word: string) => (
    <input
      type="datetime-local"
      aria-label={`${label} ${word}`}
      value={inputOfInstant(query.get(parameter))}
      onChange={({ currentTarget }) => changeParameters({ [parameter]: instantOfInput(currentTarget.value) })}
    />
  )
  return (
    <div class="time-filter">
      <select
        id={`filter-${name}`}
        value={isBetween ? 'between' : (after ?? '')}
        onChange={({ currentTarget }) => choose(currentTarget.value)}
        {...attributes}
      >
        <option value="">at any time</option>
        {RANGES.map((range) => (
          <option key={range.after} value={range.after}>
            {range.label}
          </option>
        ))}
        <option value="between">between…</option>
      </select>
      {isBetween && bound(`${name}After`, 'from')}
      {isBetween && bound(`${name}Before`, 'until')}
    </div>
  )
}
