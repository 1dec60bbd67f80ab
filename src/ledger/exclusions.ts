// The exclusions of a filter, expressed by the conditions that indexes and the roll-up serve.
import type { JobFilter } from './jobFilter.ts'
import { JOB_STATES } from './states.ts'

/**
 * An equivalent filter without `excludeStates`, and without `excludePresets` if it has `presets`:
 * the excluded values are removed from the included ones.
 */
export function withoutExclusions(given: JobFilter): JobFilter {
  if (given.excludeStates == null && given.excludePresets == null) return given
  const { excludeStates, excludePresets, ...filter } = given
  const { states, presets } = filter
  return {
    ...filter,
    states: isGiven(excludeStates) ? without(states ?? JOB_STATES, excludeStates) : states,
    presets: presets != null && isGiven(excludePresets) ? without(presets, excludePresets) : presets,
    excludePresets: presets == null && isGiven(excludePresets) ? excludePresets : undefined,
  }
}

function isGiven<Value>(excluded: readonly Value[] | null | undefined): excluded is readonly Value[] {
  return excluded != null && excluded.length > 0
}

function without<Value>(values: readonly Value[], excluded: readonly Value[]): Value[] {
  const removed = new Set(excluded)
  return values.filter((value) => !removed.has(value))
}
