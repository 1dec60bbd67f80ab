// The options of `jobledger jobs` that select jobs.
import type { JobFilter, JobState } from '../../client/documents.generated.ts'
import { UsageError } from '../program/usageError.ts'

export interface FilterOptions {
  readonly id?: readonly string[]
  readonly user?: string
  readonly state?: readonly string[]
  readonly notState?: readonly string[]
  readonly preset?: readonly string[]
  readonly notPreset?: readonly string[]
  readonly actor?: string
  readonly createdAfter?: string
  readonly createdBefore?: string
  readonly startedAfter?: string
  readonly startedBefore?: string
  readonly updatedAfter?: string
  readonly updatedBefore?: string
  readonly completedAfter?: string
  readonly completedBefore?: string
  readonly metadata?: string
  readonly includeDeleted?: boolean
}

const TIME_OPTIONS = {
  createdAfter: '--created-after',
  createdBefore: '--created-before',
  startedAfter: '--started-after',
  startedBefore: '--started-before',
  updatedAfter: '--updated-after',
  updatedBefore: '--updated-before',
  completedAfter: '--completed-after',
  completedBefore: '--completed-before',
} as const

/** Options by the API field that they set. */
export const FILTER_OPTIONS = {
  ids: '--id',
  userId: '--user',
  states: '--state',
  excludeStates: '--not-state',
  presets: '--preset',
  excludePresets: '--not-preset',
  actor: '--actor',
  ...TIME_OPTIONS,
  metadata: '--metadata',
} as const

const STATES: readonly JobState[] = ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED']

/** @throws UsageError for an unknown state, a wrong instant, and metadata that is not an object */
export function filterOf(options: FilterOptions): JobFilter {
  const { id, user, state, notState, preset, notPreset, actor, metadata, includeDeleted } = options
  return {
    ids: id ?? null,
    userId: user ?? null,
    states: state?.map((text) => stateOf('--state', text)) ?? null,
    excludeStates: notState?.map((text) => stateOf('--not-state', text)) ?? null,
    presets: preset ?? null,
    excludePresets: notPreset ?? null,
    actor: actor ?? null,
    metadata: metadata === undefined ? null : metadataOf(metadata),
    includeDeleted: includeDeleted ?? false,
    ...timesOf(options),
  }
}

function timesOf(options: FilterOptions): Pick<JobFilter, keyof typeof TIME_OPTIONS> {
  return Object.fromEntries(
    Object.entries(TIME_OPTIONS).flatMap(([name, option]) => {
      const text = options[name as keyof typeof TIME_OPTIONS]
      return text === undefined ? [] : [[name, instantOf(option, text)]]
    }),
  )
}

/** Takes a date as midnight UTC. */
function instantOf(option: string, text: string): string {
  const instant = new Date(text)
  if (Number.isNaN(instant.getTime()) || !/^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:?\d\d))?$/.test(text)) {
    throw new UsageError(`${option} must be a date or an instant, such as 2026-11-27T12:00:00Z (got "${text}").`)
  }
  return instant.toISOString()
}

function stateOf(option: string, text: string): JobState {
  const state = STATES.find((one) => one === text.toUpperCase())
  if (state === undefined) throw new UsageError(`${option} must be one of ${STATES.join(', ')} (got "${text}").`)
  return state
}

function metadataOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // The same message as for other JSON.
  }
  throw new UsageError(`--metadata must be a JSON object, such as '{"customer": 7}' (got ${text}).`)
}
