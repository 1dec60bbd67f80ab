// How the fields about events are tried as each operation that they may be.
import { BEGINNING, cursorOf } from '../../../src/ledger/eventOrder.ts'
import { byId, reading, type Sample } from './sample.ts'

export const EVENT_SAMPLES: Record<string, Sample[]> = {
  'Query.latestEventCursor': [
    reading('{ it: latestEventCursor }', { operation: 'events:cursor', variables: () => ({}) }),
  ],
  'Query.eventDelay': [reading('{ it: eventDelay { seconds } }', { operation: 'events:delay', variables: () => ({}) })],
  'Query.consumers': [reading('{ it: consumers { name } }', { operation: 'consumers:read', variables: () => ({}) })],
  'Query.operations': [
    reading('{ it: operations { processing { count } } }', { operation: 'operations:read', variables: () => ({}) }),
  ],
  'Subscription.jobEvents': [
    reading(
      'subscription ($id: ID!, $after: String) { it: jobEvents(after: $after, filter: { jobId: $id }) { record { id } } }',
      { variables: (target) => ({ ...byId(target), after: cursorOf(BEGINNING) }) },
    ),
  ],
}
