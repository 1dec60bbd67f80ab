// The fields of the filter of jobs. One line each: the form, the address and the request follow
// from it.
import type { JobFilter } from '../api/documents.generated.ts'

type NamesOf<Kind> = {
  [Name in keyof JobFilter]-?: Kind extends NonNullable<JobFilter[Name]> ? Name : never
}[keyof JobFilter]

type TimeName = {
  [Name in keyof JobFilter]: Name extends `${infer Time}After` ? Time : never
}[keyof JobFilter]

export type FilterField =
  | { readonly kind: 'text'; readonly name: NamesOf<string>; readonly label: string; readonly example: string }
  | {
      readonly kind: 'names'
      readonly name: 'ids' | 'presets' | 'excludePresets'
      readonly label: string
      readonly example: string
    }
  | { readonly kind: 'states'; readonly name: 'excludeStates'; readonly label: string; readonly example: string }
  | { readonly kind: 'object'; readonly name: 'metadata'; readonly label: string; readonly example: string }
  /** Two instants: `${name}After` and `${name}Before`. */
  | { readonly kind: 'time'; readonly name: NonNullable<TimeName>; readonly label: string }
  | { readonly kind: 'flag'; readonly name: NamesOf<boolean>; readonly label: string }

export const FILTER_FIELDS: readonly FilterField[] = [
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
