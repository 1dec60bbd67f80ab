// Query.eventDelay: whether live events wait for an open transaction.
import { scopeOf } from '../../access/roles.ts'
import {
  type EventDelay,
  type OpenTransaction,
  oldestOpenTransaction,
  readEventDelay,
} from '../../ledger/eventDelay.ts'
import { builder } from '../builder.ts'

const OpenTransactionType = builder.objectRef<OpenTransaction>('OpenTransaction').implement({
  description: 'An open transaction of the database server.',
  fields: (t) => ({
    pid: t.exposeInt('pid', {
      nullable: true,
      description: 'The process id in PostgreSQL; null for a prepared transaction.',
    }),
    application: t.exposeString('application', {
      description: 'The `application_name` of its connection, or the id of a prepared transaction.',
    }),
    database: t.exposeString('database', { description: 'Its database, which may be any of the server.' }),
  }),
})

const EventDelayType = builder.objectRef<EventDelay>('EventDelay').implement({
  description:
    'How long events wait. Subscriptions and consumers get no record of a transaction while an ' +
    'earlier one is open, in any database of the server.',
  fields: (t) => ({
    seconds: t.exposeFloat('seconds', {
      description:
        'Age of the oldest record that is committed and not delivered yet, in seconds; 0 if all are delivered. ' +
        'The open transaction is at least as old.',
    }),
    transaction: t.field({
      type: OpenTransactionType,
      nullable: true,
      description: 'The open transaction, for AUDITOR and ADMIN; null for others, and if nothing waits.',
      resolve: async ({ seconds }, _args, { ledger, caller }) =>
        seconds > 0 && scopeOf(caller.roles, 'operations:read') !== 'none' ? await oldestOpenTransaction(ledger) : null,
    }),
  }),
})

builder.queryField('eventDelay', (t) =>
  t.field({
    type: EventDelayType,
    description: 'How long events of any job wait for an open transaction.',
    resolve: (_parent, _args, { ledger }) => readEventDelay(ledger),
  }),
)
