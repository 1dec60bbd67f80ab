import { changeParameters } from '../router.ts'
import { STATE_LABELS, STATES } from '../view/stateNames.ts'

/** Filters by the state that jobs have now. */
export function StateFilter({ query }: { readonly query: URLSearchParams }) {
  const states = STATES.filter((state) => query.getAll('state').includes(state))
  const several = states.length > 1 ? states.map((state) => STATE_LABELS[state]).join(', ') : undefined
  return (
    <div class="field">
      <label for="filter-state">State now</label>
      <select
        id="filter-state"
        value={several ?? states[0] ?? ''}
        onChange={({ currentTarget }) => changeParameters({ state: currentTarget.value })}
      >
        <option value="">any</option>
        {STATES.map((state) => (
          <option key={state} value={state}>
            {STATE_LABELS[state]}
          </option>
        ))}
        {several && <option value={several}>{several}</option>}
      </select>
    </div>
  )
}
