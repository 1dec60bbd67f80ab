// Who follows the ledger, and how far each is behind.
import { cursorOf } from '../../ledger/eventOrder.ts'
import { type FollowerState, listFollowers } from '../../ledger/followers.ts'
import { listRefusedRecords, MAX_LISTED, type RefusedRecord } from '../../ledger/refusedRecords.ts'
import { builder } from '../builder.ts'

const Refused = builder.objectRef<RefusedRecord>('RefusedRecord').implement({
  description: 'A record that was not published, because its follower refused it. The records after it were.',
  fields: (t) => ({
    jobId: t.expose('jobId', { type: 'UUID', description: 'The job of the record.' }),
    sequence: t.exposeInt('sequence', { description: 'The sequence of the record within the job.' }),
    reason: t.exposeString('reason', { description: 'Why it was refused.' }),
    refusedAt: t.expose('refusedAt', { type: 'DateTime', description: 'When it was set aside.' }),
  }),
})

interface FollowerWithRefusals extends FollowerState {
  readonly refusedRecords: RefusedRecord[]
}

const Follower = builder.objectRef<FollowerWithRefusals>('Follower').implement({
  description: 'A part of the service that hands the ledger on, and must not lose its place.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'What it is called: what kind it is, and where it hands things on to.',
    }),
    cursor: t.string({ description: 'Up to where it is done.', resolve: ({ position }) => cursorOf(position) }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last moved on.' }),
    lagRecords: t.exposeInt('lagRecords', {
      description: 'How many records it has still to hand on; 100000 stands for so many or more.',
    }),
    lagSeconds: t.exposeFloat('lagSeconds', {
      description: 'How long the first of those has been waiting, in seconds; 0 if there is none.',
    }),
    refusedRecords: t.expose('refusedRecords', {
      type: [Refused],
      description: `The latest ${MAX_LISTED} records that it refused, the latest first. Each is missing where it publishes to.`,
    }),
  }),
})

builder.queryField('followers', (t) =>
  t.field({
    type: [Follower],
    description: 'Who follows the ledger and keeps its place, by name.',
    async resolve(_parent, _args, { ledger }) {
      const followers = await listFollowers(ledger)
      const names = followers.map(({ name }) => name)
      const refused = await listRefusedRecords(ledger, names)
      return followers.map((follower) => ({ ...follower, refusedRecords: refused.get(follower.name) ?? [] }))
    },
  }),
)
