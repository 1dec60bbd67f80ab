// The filter of a bulk action, in words and as the address of the list of the same jobs.
import type { JobFilter, JobState } from '../api/documents.generated.ts'
import { JOB_FIELDS } from '../filters/fields.ts'
import { listUrl, readAddress, withStates } from '../jobs/listAddress.ts'
import { preciseInstant } from '../view/instants.ts'
import { STATE_LABELS, STATES } from '../view/stateNames.ts'

interface FilterWord {
  readonly label: string
  readonly text: string
}

/** Each condition; empty if all jobs match. */
export function filterWords(filter: JobFilter): FilterWord[] {
  const states = filter.states == null ? [] : [{ label: 'State', text: textOf(labelsOf(filter.states)) ?? 'none' }]
  const excludeStates = filter.excludeStates && labelsOf(filter.excludeStates)
  const values: Readonly<Record<string, unknown>> = { ...filter, excludeStates }
  const others = JOB_FIELDS.flatMap(({ kind, name, label }) => {
    const text = kind === 'time' ? timeText(values[`${name}After`], values[`${name}Before`]) : textOf(values[name])
    return text === undefined ? [] : [{ label, text }]
  })
  return [...states, ...others]
}

function labelsOf(states: JobState | readonly JobState[]): string[] {
  return [states].flat().map((state) => STATE_LABELS[state])
}

function timeText(after: unknown, before: unknown): string | undefined {
  const parts = [
    typeof after === 'string' ? `from ${preciseInstant(after)}` : '',
    typeof before === 'string' ? `before ${preciseInstant(before)}` : '',
  ]
  return parts.filter((part) => part !== '').join(', ') || undefined
}

function textOf(value: unknown): string | undefined {
  if (value == null || value === false) return undefined
  if (value === true) return 'yes'
  if (Array.isArray(value)) return value.join(', ') || 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Undefined if no address has this filter: a name may contain a comma. */
export function filterUrl(filter: JobFilter): string | undefined {
  const { states, ...others } = Object.fromEntries(givenIn(filter)) as JobFilter
  const query = new URLSearchParams(Object.entries(others).map(([name, value]) => [name, parameterOf(value)]))
  for (const state of STATES) if (states?.includes(state)) query.append('state', state)
  const list = readAddress(query, 0)
  return canonical(withStates(list.filter, list.states)) === canonical(filter) ? listUrl(query) : undefined
}

/** The conditions of a filter. */
function givenIn(filter: JobFilter): [string, unknown][] {
  return Object.entries(filter).filter(([, value]) => value != null && value !== false)
}

function parameterOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The same text for filters with the same conditions. */
function canonical(filter: JobFilter): string {
  const values = givenIn(filter).map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value])
  return JSON.stringify(values.toSorted(([one], [other]) => String(one).localeCompare(String(other))))
}
