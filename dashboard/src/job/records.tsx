import { useState } from 'preact/hooks'
import { bulkActionUrl } from '../paths.ts'
import { ActorLink } from '../view/actorLink.tsx'
import { Json } from '../view/block.tsx'
import { now } from '../view/clock.ts'
import { exactDuration, preciseInstant, roughDuration } from '../view/instants.ts'
import { StateBadge } from '../view/states.tsx'
import { isFinished, lengthOf, metadataChanges, type Period, periodsOf } from './history.ts'
import type { HistoryRecord } from './job.ts'

/** A job can have thousands of records. */
const FIRST_SHOWN = 100

/** Every record of the job, the latest first. */
export function Records({ history }: { readonly history: readonly HistoryRecord[] }) {
  const [showsAll, setShowsAll] = useState(false)
  const periods = periodsOf(history)
  const shown = showsAll ? periods : periods.slice(-FIRST_SHOWN)
  return (
    <>
      <ol class="records" reversed>
        {shown.toReversed().map((period) => (
          <RecordItem key={period.record.sequence} period={period} previous={history[period.record.sequence - 2]} />
        ))}
      </ol>
      {shown.length < periods.length && (
        <button type="button" class="button" onClick={() => setShowsAll(true)}>
          Show all {periods.length} records
        </button>
      )}
    </>
  )
}

interface RecordItemProps {
  readonly period: Period
  readonly previous: HistoryRecord | undefined
}

function RecordItem({ period, previous }: RecordItemProps) {
  const { sequence, newState, timestamp, actor, reason, error, metadata } = period.record
  return (
    <li class={`record state-${newState.toLowerCase()}`} id={`record-${sequence}`}>
      <div class="record-line">
        <a class="sequence" href={`#record-${sequence}`} aria-label={`Record ${sequence}`}>
          {sequence}
        </a>
        <StateBadge state={newState} />
        <ActorLink name={actor} />
        <time class="muted" dateTime={timestamp} title={`${timestamp} in UTC`}>
          {preciseInstant(timestamp)}
        </time>
        <LastedFor period={period} />
        <BulkActionLink metadata={metadata} />
      </div>
      {reason && <p class="record-reason">{reason}</p>}
      {error && <p class="error-text">{error}</p>}
      <MetadataChanges before={previous?.metadata} after={metadata} />
    </li>
  )
}

function LastedFor({ period }: { readonly period: Period }) {
  if (period.to !== undefined) return <span class="lasted">for {exactDuration(lengthOf(period, 0))}</span>
  if (isFinished(period.record.newState)) return null
  return <span class="lasted">for {roughDuration(lengthOf(period, now.value))}, until now</span>
}

/** Links a record that a bulk action wrote to it. */
function BulkActionLink({ metadata: { bulkActionId } }: { readonly metadata: Readonly<Record<string, unknown>> }) {
  if (typeof bulkActionId !== 'string') return null
  return <a href={bulkActionUrl(bulkActionId)}>Bulk action</a>
}

interface MetadataChangesProps {
  readonly before: Readonly<Record<string, unknown>> | undefined
  readonly after: Readonly<Record<string, unknown>>
}

/** The differences between the metadata of the transition and that of the one before. */
function MetadataChanges({ before, after }: MetadataChangesProps) {
  const changes = metadataChanges(before, after)
  if (changes.length === 0) return null
  return (
    <details class="changes">
      <summary>
        Metadata: {changes.length} {changes.length === 1 ? 'change' : 'changes'} (
        {changes.map(({ key }) => key).join(', ')})
      </summary>
      <table>
        <caption class="visually-hidden">Changes to the record before</caption>
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Before</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr key={change.key}>
              <th scope="row">{change.key}</th>
              <td class="removed">{change.before ?? '–'}</td>
              <td class="added">{change.after ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Json label="Metadata of the record" value={after} />
    </details>
  )
}
