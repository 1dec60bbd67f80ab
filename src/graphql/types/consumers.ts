// The consumers of the ledger, and how far each is behind.

import { type ConsumerState, listConsumers } from '../../ledger/consumers.ts'
import { cursorOf } from '../../ledger/eventOrder.ts'
import { listRefusedRecords, MAX_LISTED, type RefusedRecord } from '../../ledger/refusedRecords.ts'
import { builder } from '../builder.ts'

const Refused = builder.objectRef<RefusedRecord>('RefusedRecord').implement({
  description:
    'A record that the sink of a consumer refused permanently, so that it was skipped. The ' +
    'records after it were published.',
  fields: (t) => ({
    jobId: t.expose('jobId', { type: 'UUID', description: 'The job of the record.' }),
    sequence: t.exposeInt('sequence', { description: 'The sequence number of the record within its job.' }),
    reason: t.exposeString('reason', { description: 'Why the record was refused.' }),
    refusedAt: t.expose('refusedAt', { type: 'DateTime', description: 'When the record was refused.' }),
  }),
})

interface ConsumerWithRefusals extends ConsumerState {
  readonly refusedRecords: RefusedRecord[]
}

const Consumer = builder.objectRef<ConsumerWithRefusals>('Consumer').implement({
  description: 'A durable reader of the ledger: a publisher, or the roll-up.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'The name: the kind of the consumer and, for a publisher, its destination.',
    }),
    cursor: t.string({
      description: 'The checkpoint: all records up to this cursor are processed.',
      resolve: ({ checkpoint }) => cursorOf(checkpoint),
    }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the checkpoint last advanced.' }),
    lagRecords: t.exposeInt('lagRecords', {
      description: 'Number of records after the checkpoint. 100000 means that many or more.',
    }),
    lagSeconds: t.exposeFloat('lagSeconds', {
      description: 'Age of the oldest record after the checkpoint, in seconds; 0 if all records are processed.',
    }),
    refusedRecords: t.expose('refusedRecords', {
      type: [Refused],
      description: `The latest ${MAX_LISTED} records that the sink refused, newest first. They were not published.`,
    }),
  }),
})

builder.queryField('consumers', (t) =>
  t.field({
    type: [Consumer],
    description: 'The consumers of the ledger, ordered by name.',
    async resolve(_parent, _args, { ledger }) {
      const consumers = await listConsumers(ledger)
      const names = consumers.map(({ name }) => name)
      const refused = await listRefusedRecords(ledger, names)
      return consumers.map((consumer) => ({ ...consumer, refusedRecords: refused.get(consumer.name) ?? [] }))
    },
  }),
)
