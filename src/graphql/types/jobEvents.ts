// Subscription.jobEvents: streams new records. events/followEvents.ts reads them; this file limits
// access and ends the subscription.
import { followEvents } from '../../events/followEvents.ts'
import { startSubscription } from '../../events/subscriptionStart.ts'
import { cursorOf } from '../../ledger/eventOrder.ts'
import { type EventRecord, eventIdOf, headPosition } from '../../ledger/events.ts'
import { recordCondition } from '../../ledger/recordFilter.ts'
import { builder } from '../builder.ts'
import type { GraphQLContext } from '../context.ts'
import { streamWithCredentialCheck } from '../credentialCheck.ts'
import { fieldSelection } from '../loading/selection.ts'
import { JobStateRecord, JobStateRecordFilter, recordFilterOf } from './jobStateRecord.ts'

const JobEvent = builder.objectRef<EventRecord>('JobEvent').implement({
  description: 'A record, as subscribers receive it.',
  fields: (t) => ({
    cursor: t.string({
      description: 'The position after this event. Pass it as `after` to resume from here.',
      resolve: cursorOf,
    }),
    eventId: t.string({
      description:
        'Identifies the event: the same each time that the event is sent, and different from ' +
        'that of every other event.',
      resolve: eventIdOf,
    }),
    record: t.field({
      type: JobStateRecord,
      description: 'The record of the state change.',
      resolve: (record) => record,
    }),
  }),
})

builder.subscriptionField('jobEvents', (t) =>
  t.field({
    type: JobEvent,
    description:
      'Sends every state change as soon as it is committed. Events of one job arrive in ' +
      'order, each at least once. The stream does not end; after an interruption, resume ' +
      'with the cursor of the last event.',
    args: {
      after: t.arg.string({
        description:
          'The cursor of an event. Sends all later events, then new ones. By default, only events from now on.',
      }),
      filter: t.arg({ type: JobStateRecordFilter, description: 'Which records; by default all.' }),
    },
    subscribe: async (_, { after, filter: requested }, context, info) => {
      const { ledger, events, caller, log, statementEnded } = context
      const filter = recordFilterOf(context, requested)
      // Reports an invalid filter before the stream starts.
      recordCondition(filter, ledger.limits)
      const unregister = registerSubscription(context)
      try {
        const following = { ledger, feed: events, caller: caller.actor, filter }
        const start = await startSubscription({ ...following, cursor: after, signal: context.signal })
        const select = fieldSelection<{ id: true }>(context, info, 'JobStateRecord', 'record')
        const options = { ...following, start, select, log, statementEnded }
        return streamWithCredentialCheck(context, (signal) => followEvents({ ...options, signal }))
      } catch (error) {
        unregister()
        throw error
      }
    },
    resolve: (event) => {
      if (event instanceof Error) throw event
      return event
    },
  }),
)

builder.queryField('latestEventCursor', (t) =>
  t.string({
    description:
      'The cursor of the latest event, for `jobEvents(after:)`. Get it before you subscribe, ' +
      'so that you do not miss events if the first connection fails.',
    resolve: async (_parent, _args, { ledger }) => cursorOf(await headPosition(ledger)),
  }),
)

/**
 * Counts the subscription until it ends. Must run before anything is awaited.
 *
 * @throws TooManySubscriptionsError
 */
function registerSubscription({ events, caller, signal }: GraphQLContext): () => void {
  signal.throwIfAborted()
  const unregister = events.places.take(caller.actor)
  signal.addEventListener('abort', unregister, { once: true })
  return unregister
}
