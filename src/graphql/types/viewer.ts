// Viewer: who the caller is to this server.
import type { Caller } from '../../access/caller.ts'
import { ROLES } from '../../access/roles.ts'
import { builder } from '../builder.ts'

const ROLE_DESCRIPTIONS = {
  USER: 'Own jobs: reads, creates, cancels, retries and deletes them.',
  WORKER: 'Any job: reads it, makes its transitions, sets its result.',
  AUDITOR: 'Reads everything, changes nothing.',
  ADMIN: 'Everything, for every user.',
} satisfies Record<(typeof ROLES)[number], string>

const RoleEnum = builder.enumType('Role', {
  description: 'What a caller may do. Whoever has several roles may do what any of them allows.',
  values: Object.fromEntries(ROLES.map((role) => [role, { description: ROLE_DESCRIPTIONS[role] }])) as Record<
    (typeof ROLES)[number],
    { description: string }
  >,
})

const Viewer = builder.objectRef<Caller>('Viewer').implement({
  description: 'Who the caller is.',
  fields: (t) => ({
    actor: t.exposeString('actor', { description: 'How records name the caller.' }),
    userId: t.exposeString('userId', {
      nullable: true,
      description: 'Whose jobs are the own jobs of the caller, if any.',
    }),
    roles: t.field({ type: [RoleEnum], description: 'What the caller may do.', resolve: ({ roles }) => [...roles] }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    nullable: true,
    description: 'Who the caller is, by the credential of the request.',
    resolve: (_, _args, { caller }) => caller,
  }),
)
