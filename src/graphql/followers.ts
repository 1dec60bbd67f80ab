// Who follows the ledger, and how far each is behind.
import { cursorOf } from '../ledger/eventOrder.ts'
import { type FollowerState, listFollowers } from '../ledger/followers.ts'
import { builder } from './builder.ts'

const Follower = builder.objectRef<FollowerState>('Follower').implement({
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
  }),
})

builder.queryField('followers', (t) =>
  t.field({
    type: [Follower],
    description: 'Who follows the ledger and keeps its place, by name.',
    resolve: (_parent, _args, { ledger }) => listFollowers(ledger),
  }),
)
