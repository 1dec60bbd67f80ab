import type { JobFilter } from '../api/documents.generated.ts'
import { filterWords } from './filterWords.ts'

/** Which jobs: each condition of the filter. */
export function FilterWords({ filter }: { readonly filter: JobFilter }) {
  const words = filterWords(filter)
  if (words.length === 0) return <p class="muted">All jobs match.</p>
  return (
    <dl class="facts">
      {words.map(({ label, text }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}
