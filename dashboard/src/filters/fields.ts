// The fields of a filter. One line each: the form, the address and the request follow from it.
import type { JobFilter } from '../api/documents.generated.ts'

export type FilterField =
  | {
      readonly kind: 'text' | 'names' | 'states' | 'object'
      readonly name: string
      readonly label: string
      readonly example: string
    }
  /** Two instants: `${name}After` and `${name}Before`. */
  | { readonly kind: 'time'; readonly name: string; readonly label: string }
  | { readonly kind: 'flag'; readonly name: string; readonly label: string }

type NamesOf<Filter, Kind> = {
  [Name in keyof Filter]-?: Kind extends NonNullable<Filter[Name]> ? Name : never
}[keyof Filter]

type TimesOf<Filter> = {
  [Name in keyof Filter]: Name extends `${infer Time}After` ? Time : never
}[keyof Filter]

/** A field whose names are those of the filter, with the kinds that their values have. */
export type FieldOf<Filter> = FilterField &
  (
    | { readonly kind: 'text'; readonly name: NamesOf<Filter, string> }
    | { readonly kind: 'names' | 'states'; readonly name: NamesOf<Filter, readonly never[]> }
    | { readonly kind: 'object'; readonly name: 'metadata' }
    | { readonly kind: 'time'; readonly name: NonNullable<TimesOf<Filter>> }
    | { readonly kind: 'flag'; readonly name: NamesOf<Filter, boolean> }
  )

export const JOB_FIELDS: readonly FieldOf<JobFilter>[] = [
  { kind: 'text', name: 'userId', label: 'User', example: 'ada' },
  { kind: 'names', name: 'presets', label: 'Preset', example: 'invoice-pdf, thumbnails' },
  { kind: 'names', name: 'excludePresets', label: 'Not preset', example: 'heartbeat' },
  { kind: 'states', name: 'excludeStates', label: 'Not state', example: 'COMPLETED' },
  { kind: 'text', name: 'actor', label: 'Last actor', example: 'key:worker-1' },
  { kind: 'object', name: 'metadata', label: 'Metadata contains', example: 'source=web' },
  { kind: 'time', name: 'created', label: 'Created' },
  { kind: 'time', name: 'started', label: 'Started' },
  { kind: 'time', name: 'completed', label: 'Ended' },
  { kind: 'time', name: 'updated', label: 'Changed' },
  { kind: 'names', name: 'ids', label: 'Ids', example: '01a20…, 01a21…' },
  { kind: 'flag', name: 'includeDeleted', label: 'Deleted jobs too' },
]

/** The parameters of the address that a field uses. */
export function parametersOf({ kind, name }: FilterField): readonly string[] {
  return kind === 'time' ? [`${name}After`, `${name}Before`] : [name]
}

/** How many of the fields are set. */
export function filterCount(fields: readonly FilterField[], query: URLSearchParams): number {
  return fields.filter((field) => parametersOf(field).some((parameter) => query.has(parameter))).length
}
