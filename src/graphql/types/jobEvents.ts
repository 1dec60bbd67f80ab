// The ledger as it grows: a subscription. What it sends comes from events/followEvents.ts; here stands who may hear it, and how it
// ends.
import { followEvents } from '../../events/followEvents.ts'
import { cursorOf } from '../../ledger/eventOrder.ts'
import { type EventRecord, eventIdOf, headPosition, positionOfCursor } from '../../ledger/events.ts'
import { recordCondition } from '../../ledger/recordFilter.ts'
import { builder } from '../builder.ts'
import type { GraphQLContext } from '../context.ts'
import { streamWithCredentialCheck } from '../credentialCheck.ts'
import { fieldSelection } from '../loading/selection.ts'
import { JobStateRecord, JobStateRecordFilter, recordFilterOf } from './jobStateRecord.ts'

const JobEvent = builder.objectRef<EventRecord>('JobEvent').implement({
  description: 'A line of the ledger, as it is read by those who follow it.',
  fields: (t) => ({
    cursor: t.string({
      description: 'Where the reader stands after this event: give it as `after` to go on from here.',
      resolve: cursorOf,
    }),
    eventId: t.string({
      description: 'Names the event: the same each time that it is sent, and never that of another event.',
      resolve: eventIdOf,
    }),
    record: t.field({ type: JobStateRecord, description: 'What happened.', resolve: (record) => record }),
  }),
})

builder.subscriptionField('jobEvents', (t) =>
  t.field({
    type: JobEvent,
    description:
      'Every change of state, as soon as it is committed: those of one job in their order, each at least once. The stream has no end; after a break go on with the cursor of the last event.',
    args: {
      after: t.arg.string({
        description:
          'First everything behind this cursor of an event, then what comes; by default, what comes from now on.',
      }),
      filter: t.arg({ type: JobStateRecordFilter, description: 'Which records; all by default.' }),
    },
    subscribe: async (_, { after, filter: given }, context, info) => {
      const { ledger, events, caller, log, statementEnded } = context
      const filter = recordFilterOf(context, given)
      // Faults are answered before the stream begins.
      recordCondition(filter, ledger.limits)
      const leave = takePlace(context)
      try {
        const behind = after == null ? await headPosition(ledger) : await positionOfCursor(ledger, 'after', after)
        const select = fieldSelection<{ id: true }>(context, info, 'JobStateRecord', 'record')
        const options = { ledger, feed: events, caller: caller.actor, behind, filter, select, log, statementEnded }
        return streamWithCredentialCheck(context, (signal) => followEvents({ ...options, signal }))
      } catch (error) {
        leave()
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
      'Where the ledger ends now, as `jobEvents(after:)` takes it: to miss nothing from now on, whatever breaks.',
    resolve: async (_parent, _args, { ledger }) => cursorOf(await headPosition(ledger)),
  }),
)

/** Takes a place before anything is awaited, until the subscription ends, however it ends. @throws TooManySubscriptionsError */
function takePlace({ events, caller, signal }: GraphQLContext): () => void {
  signal.throwIfAborted()
  const leave = events.places.take(caller.actor)
  signal.addEventListener('abort', leave, { once: true })
  return leave
}
